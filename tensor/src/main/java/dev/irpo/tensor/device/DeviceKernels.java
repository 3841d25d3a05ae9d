package dev.irpo.tensor.device;

/// How a device computes products, normalisations and attention.
public enum DeviceKernels {
  /// What suits the device: `CUBLAS` where there is CUDA and cuBLAS, or else `SGEMM` where
  /// TornadoVM has that; `GROUPS` on other GPUs, `PLAIN` on CPUs.
  AUTO,
  /// A work item an element or a row.
  PLAIN,
  /// Groups of threads that share local memory, products in tiles; attention too where there is
  /// enough of it.
  GROUPS,
  /// As `GROUPS`, products by cuBLAS, of factors in single precision or, with rounded weights,
  /// bfloat16.
  CUBLAS,
  /// As `CUBLAS`, factors rounded to the ten bits of TF32.
  TF32,
  /// As `GROUPS`, products of many rows by the `cublasSgemm` of TornadoVM, which takes copies.
  SGEMM
}
