/// What a backend has to compute: one interface per family, one contract per kernel.
///
/// Arguments come as outputs, inputs, sizes, scalars. A contract says for each output whether it is
/// *written* (whole, whatever was there) or *updated* (added to), and gives the formula with the
/// shapes. Buffers are row-major and dense; the sizes are not checked again here, the shape rules
/// of `dev.irpo.tensor.op` did that when the graph was built.
package dev.irpo.tensor.kernel;
