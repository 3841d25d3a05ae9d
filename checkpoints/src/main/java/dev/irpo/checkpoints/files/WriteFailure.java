package dev.irpo.checkpoints.files;

import java.io.IOException;
import java.nio.file.Path;

/// A file cannot be written for a reason of the system's, such as a full disk. The system's own
/// exceptions say why, not which file.
public final class WriteFailure extends IOException {
  private static final long serialVersionUID = 1;

  private WriteFailure(Path file, IOException cause) {
    super(
        "%s: cannot be written (%s); make room or see to the disk, and repeat the command"
            .formatted(file, cause.getMessage()),
        cause);
  }

  /// The same failure with the file in its message, which every other message has already.
  public static IOException of(Path file, IOException e) {
    boolean isSystems = e.getClass() == IOException.class && e.getMessage() != null;
    return isSystems && !e.getMessage().contains(":") ? new WriteFailure(file, e) : e;
  }
}
