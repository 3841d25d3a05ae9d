package dev.irpo.tensor.device;

/// How a device computes products, normalisations and attention.
public enum DeviceKernels {
  /// What suits the device: `CUBLAS` where it has cuBLAS, `GROUPS` on other GPUs, `PLAIN` on CPUs.
  AUTO,
  /// A work item an element or a row.
  PLAIN,
  /// Groups of threads that share local memory, products in tiles.
  GROUPS,
  /// As `GROUPS`, products by cuBLAS in single precision.
  CUBLAS,
  /// As `CUBLAS`, factors rounded to the ten bits of TF32.
  TF32
}
