/// From a graph to something that runs: leave out what nobody needs, plan memory, bind kernels.
///
/// The lifetime of every computed tensor is known when the graph is compiled, from the operation
/// that writes it to the last that reads it, so tensors that never live at the same time share
/// memory.
package dev.irpo.tensor.program;
