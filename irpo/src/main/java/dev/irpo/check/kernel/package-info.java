/// Kernels with arguments: what each is called with at the sizes of a model, how much work that is,
/// and how far its results may lie from the reference's. `irpo check` and `irpo bench kernels` have
/// this in common.
///
/// [dev.irpo.check.kernel.KernelCase] lists the kernels, [dev.irpo.check.kernel.PreparedKernel]
/// runs one on a backend as an operation of a graph, as it runs a model.
package dev.irpo.check.kernel;
