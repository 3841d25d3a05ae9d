package dev.irpo.checkpoints.files;

import java.nio.file.Path;

/// A file or folder does not hold what was written into it.
public final class DamagedException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final transient Path path;
  private final String fact;
  private final String wayOut;

  /// The message is the fact and the way out, in one line.
  ///
  /// @param path of the file, or of the folder that is only of use as a whole
  /// @param fact begins with the damaged file
  /// @param wayOut for whoever cannot make it again
  /// @param cause null where there is none
  public DamagedException(Path path, String fact, String wayOut, Throwable cause) {
    super(JsonFiles.oneLine(fact + "; " + wayOut), cause);
    this.path = path;
    this.fact = JsonFiles.oneLine(fact);
    this.wayOut = JsonFiles.oneLine(wayOut);
  }

  /// What is damaged.
  public Path path() {
    return path;
  }

  /// The file and how it is damaged.
  public String fact() {
    return fact;
  }

  /// Three lines for another process.
  public String toText() {
    return path + "\n" + fact + "\n" + wayOut;
  }

  /// What [#toText] gave.
  public static DamagedException ofText(String text) {
    String[] lines = text.split("\n", 3);
    return new DamagedException(Path.of(lines[0]), lines[1], lines[2], null);
  }
}
