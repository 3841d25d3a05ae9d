package dev.irpo.train;

import dev.irpo.checkpoints.files.AtomicFiles;
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

  /// Starts a folder, or checks that the existing one was started with the same configuration.
  ///
  /// @param what the work in it, for messages
  /// @throws IllegalArgumentException if the folder holds work of another configuration, or
  ///   something else
  public static void open(Path root, RunConfig config, String what) throws IOException {
    check(root, config, what);
    Path file = root.resolve(NAME);
    if (!Files.exists(file)) {
      Files.createDirectories(root);
      AtomicFiles.writeFile(file, temporary -> Files.writeString(temporary, config.toYaml()));
    }
  }

  /// Refuses what [#open] would refuse and writes nothing.
  ///
  /// @throws IllegalArgumentException as [#open]
  public static void check(Path root, RunConfig config, String what) throws IOException {
    Path file = root.resolve(NAME);
    if (Files.exists(file)) {
      requireSame(file, config, what);
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

  /// Everything but what computes: work may resume with other threads or on another backend.
  private static String comparable(RunConfig config) {
    return config.with("compute.threads=0", "compute.backend=cpu").toYaml();
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.allMatch(AtomicFiles::isTemporary);
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
