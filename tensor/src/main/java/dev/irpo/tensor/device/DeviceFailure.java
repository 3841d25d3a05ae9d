package dev.irpo.tensor.device;

/// A device did not do what it was told: it was lost, ran out of memory, or refused a kernel. What
/// it held is gone; files that were written before are whole.
public final class DeviceFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// A failure in one line.
  public DeviceFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
