package dev.irpo.train;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.config.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// `config.yaml` in a folder whose work can be resumed: it decides what that work is.
public final class ConfigFile {
  /// Its name.
  public static final String NAME = "config.yaml";

  private ConfigFile() {}

  /// The configuration of a folder whose work was begun, none elsewhere.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException if it is damaged
  public static Optional<Path> begun(Path root) throws IOException {
    Path file = root.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    SummedText.requireYaml(file);
    return Optional.of(file);
  }

  /// Lets no other process work in a folder where work was begun; reading it takes no lock.
  ///
  /// @return a lock that is not taken yet where nothing was begun
  /// @throws IllegalArgumentException naming the process that works there
  public static FolderLock lock(Path root) throws IOException {
    FolderLock lock = new FolderLock(root);
    lock.takeIfThere(NAME);
    return lock;
  }

  /// Starts a folder, or checks that the existing one was started with the same configuration.
  ///
  /// @param what the work in it, for messages
  /// @throws IllegalArgumentException if the folder holds work of another configuration, or
  ///   something else
  public static void open(Path root, RunConfig config, String what) throws IOException {
    check(root, config, what);
    Path file = root.resolve(NAME);
    if (!Files.exists(file)) {
      String text = SummedText.yaml(config.toYaml());
      AtomicFiles.writeFile(file, temporary -> Files.writeString(temporary, text));
    }
  }

  /// The same, and lets no other process work there from then on.
  ///
  /// @param lock of the folder
  /// @throws IllegalArgumentException as [#open(Path, RunConfig, String)], or if another process
  ///   works there
  public static void open(Path root, RunConfig config, String what, FolderLock lock)
      throws IOException {
    check(root, config, what); // before a lock is left in a folder of other things
    lock.take();
    open(root, config, what);
  }

  /// Refuses what [#open] would refuse and writes nothing.
  ///
  /// @throws IllegalArgumentException as [#open]
  public static void check(Path root, RunConfig config, String what) throws IOException {
    Optional<Path> file = begun(root);
    if (file.isPresent()) {
      requireSame(file.get(), config, what);
      return;
    }
    if (Files.exists(root) && !isEmpty(root)) {
      throw new IllegalArgumentException(
          "%s: holds files but no %s of a %s; choose another --out".formatted(root, NAME, what));
    }
  }

  private static void requireSame(Path file, RunConfig config, String what) throws IOException {
    String stored = comparable(RunConfig.load(Optional.of(file), List.of()));
    String wanted = comparable(config);
    if (!stored.equals(wanted)) {
      throw new IllegalArgumentException(
          "%s: the %s was begun with another configuration (%s); use the same, or another --out"
              .formatted(file, what, firstDifference(stored, wanted)));
    }
  }

  /// Everything but what computes: work may resume with other threads, on another backend and in
  /// other slices.
  private static String comparable(RunConfig config) {
    return config
        .with("compute.threads=0", "compute.backend=cpu", "compute.tensorParallel=1")
        .toYaml();
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.allMatch(
          path -> AtomicFiles.isTemporary(path) || path.endsWith(FolderLock.FILE_NAME));
    }
  }

  private static String firstDifference(String stored, String wanted) {
    List<String> before = stored.lines().toList();
    List<String> now = wanted.lines().toList();
    for (int i = 0; i < Math.min(before.size(), now.size()); i++) {
      if (!before.get(i).equals(now.get(i))) {
        return "'%s' there, '%s' now".formatted(before.get(i).strip(), now.get(i).strip());
      }
    }
    return before.size() + " lines there, " + now.size() + " now";
  }
}
