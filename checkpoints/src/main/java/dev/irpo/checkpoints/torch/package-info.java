/// Files of `torch.save`: a zip archive of uncompressed tensors and a pickle that names them.
///
/// A pickle is a program. This one is interpreted by an allow-list and never run; the tensors stay
/// views of the memory map.
package dev.irpo.checkpoints.torch;
