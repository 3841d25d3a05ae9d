package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Sizes and SHA-256 checksums of the files of a folder, kept in its `manifest.json`.
///
/// It is written after all other files, so a folder that has one was finished.
///
/// @param files by path relative to the folder, with `/` between names
public record Manifest(SortedMap<String, Entry> files) {
  /// The name of the manifest in its folder.
  public static final String FILE_NAME = "manifest.json";

  private static final String COPY = "copy the folder again";

  /// What is known of one file.
  ///
  /// @param sha256 64 lower-case hexadecimal digits
  public record Entry(long bytes, String sha256) {}

  /// Makes the map unmodifiable.
  public Manifest {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /// Reads every file in the folder and its sub-folders and writes their manifest.
  public static Manifest write(Path folder) throws IOException {
    return write(folder, Map.of());
  }

  /// The same without reading the files that are known from writing them.
  public static Manifest write(Path folder, Map<String, Entry> known) throws IOException {
    List<Path> paths;
    try (Stream<Path> tree = Files.walk(folder)) {
      paths = tree.filter(Files::isRegularFile).toList();
    }
    SortedMap<String, Entry> files = new TreeMap<>();
    for (Path path : paths) {
      String name = folder.relativize(path).toString().replace('\\', '/');
      if (!name.equals(FILE_NAME) && !AtomicFiles.isTemporary(path)) {
        Entry entry = known.get(name);
        files.put(
            name, entry == null ? new Entry(Files.size(path), Checksums.sha256(path)) : entry);
      }
    }
    Manifest manifest = new Manifest(files);
    AtomicFiles.writeFile(
        folder.resolve(FILE_NAME), temporary -> JsonFiles.write(temporary, manifest.toJson()));
    return manifest;
  }

  /// Reads the manifest of a folder.
  ///
  /// @throws IOException if there is none: the folder was not finished
  /// @throws DamagedException if it is damaged
  public static Manifest read(Path folder) throws IOException {
    Path file = folder.resolve(FILE_NAME);
    MappedFiles.requireFile(file);
    JsonNode listed;
    try {
      listed = JsonFiles.readObject(file).path("files");
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      String fact = message.substring(0, message.lastIndexOf("; ")); // without its way out
      throw new DamagedException(folder, fact, COPY, e);
    }
    SortedMap<String, Entry> files = new TreeMap<>();
    for (Map.Entry<String, JsonNode> property : listed.properties()) {
      JsonNode bytes = property.getValue().path("bytes");
      JsonNode sha256 = property.getValue().path("sha256");
      if (!bytes.canConvertToLong()
          || !sha256.isTextual()
          || !isInside(folder, property.getKey())) {
        throw new DamagedException(
            folder,
            "%s: the entry of '%s' needs bytes, sha256 and a path inside the folder"
                .formatted(file, property.getKey()),
            COPY,
            null);
      }
      files.put(property.getKey(), new Entry(bytes.longValue(), sha256.textValue()));
    }
    return new Manifest(files);
  }

  /// The same of a folder that this program wrote, whose manifest lists files.
  ///
  /// @throws DamagedException if it is damaged, lists nothing or is not there
  public static Manifest require(Path folder) throws IOException {
    Path file = folder.resolve(FILE_NAME);
    if (Files.isDirectory(folder) && !Files.exists(file)) {
      throw new DamagedException(folder, file + ": is missing", COPY, null);
    }
    Manifest manifest = read(folder);
    if (manifest.files().isEmpty()) {
      throw new DamagedException(folder, file + ": lists no files", COPY, null);
    }
    return manifest;
  }

  private static boolean isInside(Path folder, String name) {
    try {
      return folder.resolve(name).normalize().startsWith(folder.normalize());
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /// Checks that every file is there with its size; reads no more than the directory.
  ///
  /// @throws DamagedException naming the first file that differs
  public void verifySizes(Path folder) throws IOException {
    for (Map.Entry<String, Entry> file : files.entrySet()) {
      Path path = folder.resolve(file.getKey());
      if (!Files.isRegularFile(path)) {
        throw new DamagedException(
            folder, "%s: is missing, though %s lists it".formatted(path, FILE_NAME), COPY, null);
      }
      if (Files.size(path) != file.getValue().bytes()) {
        throw new DamagedException(
            folder,
            "%s: has %d bytes, %s says %d"
                .formatted(path, Files.size(path), FILE_NAME, file.getValue().bytes()),
            COPY,
            null);
      }
    }
  }

  /// Checks sizes, and the checksum of every byte.
  ///
  /// @throws DamagedException naming the first file that differs
  public void verifyChecksums(Path folder) throws IOException {
    verifyChecksums(folder, new SeenChecksums());
  }

  /// The same, but files that were read before and have not changed since are not read again.
  ///
  /// @throws DamagedException naming the first file that differs
  public void verifyChecksums(Path folder, SeenChecksums seen) throws IOException {
    verifySizes(folder);
    for (Map.Entry<String, Entry> file : files.entrySet()) {
      Path path = folder.resolve(file.getKey());
      String found = seen.sha256(path);
      if (!found.equals(file.getValue().sha256())) {
        throw new DamagedException(
            folder,
            "%s: has SHA-256 %s, %s says %s"
                .formatted(path, found, FILE_NAME, file.getValue().sha256()),
            COPY,
            null);
      }
    }
  }

  /// Entries as text that another process can read with [#ofLines].
  public static String toLines(Map<String, Entry> files) {
    StringBuilder lines = new StringBuilder();
    files.forEach((name, entry) ->
        lines
            .append(entry.sha256())
            .append(' ')
            .append(entry.bytes())
            .append(' ')
            .append(name)
            .append('\n'));
    return lines.toString();
  }

  /// The entries of [#toLines].
  public static SortedMap<String, Entry> ofLines(String lines) {
    SortedMap<String, Entry> files = new TreeMap<>();
    lines
        .lines()
        .map(line -> line.split(" ", 3))
        .forEach(field -> files.put(field[2], new Entry(Long.parseLong(field[1]), field[0])));
    return files;
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ObjectNode listed = json.putObject("files");
    files.forEach((name, entry) ->
        listed.putObject(name).put("bytes", entry.bytes()).put("sha256", entry.sha256()));
    return json;
  }
}
