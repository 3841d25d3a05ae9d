package dev.irpo.checkpoints.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Damaged files and folders, which are kept beside their place as `NAME.damaged`, `NAME.damaged-2`
/// and so on, until somebody deletes them.
public final class DamagedFiles {
  private static final String SUFFIX = ".damaged";
  private static final Pattern NAME = Pattern.compile(".+\\.damaged(-\\d+)?");

  private DamagedFiles() {}

  /// Renames a file or folder, so that its place is free.
  ///
  /// @return where it is kept
  public static Path putAside(Path path) throws IOException {
    Path aside = freeName(path);
    Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
    AtomicFiles.sync(path.toAbsolutePath().getParent());
    return aside;
  }

  /// Copies a file, of which a part stays in its place.
  ///
  /// @return where the copy is kept
  public static Path keepCopy(Path file) throws IOException {
    Path aside = freeName(file);
    AtomicFiles.writeFile(aside, temporary -> Files.copy(file, temporary));
    return aside;
  }

  /// Whether a path was put aside and nothing has taken its place yet.
  public static boolean isMissed(Path path) {
    return !Files.exists(path) && Files.exists(name(path, 1));
  }

  /// Where what was last put aside from a path is kept.
  public static Optional<Path> lastOf(Path path) {
    Optional<Path> last = Optional.empty();
    for (int i = 1; Files.exists(name(path, i)); i++) {
      last = Optional.of(name(path, i));
    }
    return last;
  }

  /// All that are kept in a folder and in those below it.
  public static List<Path> in(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(DamagedFiles::isOne).sorted().toList();
    }
  }

  private static boolean isOne(Path path) {
    return NAME.matcher(path.getFileName().toString()).matches();
  }

  private static Path freeName(Path path) {
    Path aside = name(path, 1);
    for (int i = 2; Files.exists(aside); i++) {
      aside = name(path, i);
    }
    return aside;
  }

  private static Path name(Path path, int number) {
    return path.resolveSibling(path.getFileName() + SUFFIX + (number == 1 ? "" : "-" + number));
  }
}
