package dev.irpo.tensor.kernel;

/// All kernels of a backend, by family. Each contract is documented on its interface and holds for
/// every backend; arguments come as outputs, inputs, sizes, scalars.
public record Kernels(
    MatrixKernels matrix,
    RowKernels row,
    AttentionKernels attention,
    ElementwiseKernels elementwise,
    ScoreKernels score,
    OptimizerKernels optimizer) {}
