package dev.irpo.testdata;

import java.nio.file.Files;
import java.nio.file.Path;

/// The checkout that the tests run in.
final class RepositoryRoot {
  /// The golden values' folder, which no other folder has.
  static final Path GOLDEN = Path.of("testdata", "golden");

  private RepositoryRoot() {}

  /// The closest folder around the working directory (a module's, or the checkout itself) that has
  /// the golden values.
  ///
  /// @throws IllegalStateException if there is none
  static Path find() {
    Path start = Path.of("").toAbsolutePath();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isDirectory(folder.resolve(GOLDEN))) {
        return folder;
      }
    }
    throw new IllegalStateException(
        "%s: neither it nor a folder around it has %s; run the tests inside the checkout"
            .formatted(start, GOLDEN));
  }
}
