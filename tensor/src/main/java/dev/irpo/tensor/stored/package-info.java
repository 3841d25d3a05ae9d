/// Tensors as files hold them: a name, an element type, a shape and bytes.
///
/// Every checkpoint format is read into and written from [dev.irpo.tensor.stored.StoredTensor], in
/// whatever type the file has. The bytes may lie in a memory map or be assembled while they are
/// read ([dev.irpo.tensor.stored.TensorContent]), so a file that is larger than the memory can be
/// converted. Graphs know nothing of it.
package dev.irpo.tensor.stored;
