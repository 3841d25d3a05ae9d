package dev.irpo.distributed;

/// Processes could not work together: the library that connects them is missing or failed, or one
/// of them gave up. A group that failed is of no further use.
public final class GroupFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// A failure in one line.
  public GroupFailure(String message) {
    super(message);
  }

  /// A failure in one line, with what led to it.
  public GroupFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
