package dev.irpo.tensor.device;

/// Whether the driver of a device records the kernels of a part of a program, when it runs first,
/// and starts them together from then on (CUDA graphs). No result depends on it.
public enum DeviceGraphs {
  /// `ON` with CUDA.
  AUTO,
  /// Always.
  ON,
  /// Each kernel is started by the host.
  OFF
}
