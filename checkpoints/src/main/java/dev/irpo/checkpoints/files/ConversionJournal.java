package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// What an unfinished folder is made from, and which of its files are whole: a line of JSON each.
///
/// ```text
/// {"source": {"model.safetensors": {"bytes": …, "modified": "2026-…"}}, …}     first: the identity
/// {"name": "weights-00001-of-00003.arrow", "bytes": …, "sha256": "…"}          one a finished file
/// ```
///
/// A line counts when its end is there. The process that writes it holds a lock on the file, which
/// goes with the process.
final class ConversionJournal implements Closeable {
  static final String FILE_NAME = "conversion.jsonl";

  private final FileChannel channel;
  private final SortedMap<String, Manifest.Entry> finished = new TreeMap<>();

  private ConversionJournal(FileChannel channel) {
    this.channel = channel;
  }

  /// Writes a journal of no files.
  static void begin(Path folder, JsonNode identity) throws IOException {
    Files.write(folder.resolve(FILE_NAME), line(identity));
  }

  /// Opens the journal of a folder and takes its lock.
  ///
  /// @throws IllegalArgumentException if there is none, it is of another identity, or another
  ///   process is resuming it
  static ConversionJournal resume(Path folder, JsonNode identity) throws IOException {
    Path file = folder.resolve(FILE_NAME);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "%s: holds no %s, so it is not an unfinished conversion; remove it"
              .formatted(folder, FILE_NAME));
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      lock(folder, channel);
      ConversionJournal journal = new ConversionJournal(channel);
      journal.read(folder, identity);
      return journal;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /// Files that are whole and on the disk.
  SortedMap<String, Manifest.Entry> finished() {
    return Collections.unmodifiableSortedMap(finished);
  }

  /// Notes a file that is whole and on the disk.
  void append(String name, Manifest.Entry entry) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name).put("bytes", entry.bytes()).put("sha256", entry.sha256());
    ByteBuffer line = ByteBuffer.wrap(line(json));
    while (line.hasRemaining()) {
      channel.write(line);
    }
    channel.force(true);
    finished.put(name, entry);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static void lock(Path folder, FileChannel channel) throws IOException {
    boolean locked;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      locked = false;
    }
    if (!locked) {
      throw new IllegalArgumentException(
          folder + ": another process is writing it; wait for that one or end it");
    }
  }

  private void read(Path folder, JsonNode identity) throws IOException {
    byte[] bytes = Files.readAllBytes(folder.resolve(FILE_NAME));
    String text = new String(bytes, StandardCharsets.UTF_8);
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    Iterator<String> lines = whole.lines().iterator();
    requireSame(folder, lines.hasNext() ? lines.next() : "{}", identity);
    while (lines.hasNext()) {
      JsonNode line = parse(folder, lines.next());
      Manifest.Entry entry =
          new Manifest.Entry(line.path("bytes").asLong(-1), line.path("sha256").asText());
      Path file = folder.resolve(line.path("name").asText());
      if (Files.isRegularFile(file) && Files.size(file) == entry.bytes()) {
        finished.put(line.path("name").asText(), entry);
      }
    }
    channel.truncate(whole.getBytes(StandardCharsets.UTF_8).length);
    channel.position(channel.size());
  }

  private static JsonNode parse(Path folder, String line) throws IOException {
    return JsonFiles.parseObject(
        line.getBytes(StandardCharsets.UTF_8), folder.resolve(FILE_NAME).toString());
  }

  private static void requireSame(Path folder, String first, JsonNode identity) throws IOException {
    if (first.equals(identity.toString())) {
      return;
    }
    JsonNode old = parse(folder, first);
    SortedSet<String> differing = new TreeSet<>();
    for (JsonNode one : List.of(old, identity)) {
      for (Map.Entry<String, JsonNode> group : one.properties()) {
        for (Map.Entry<String, JsonNode> value : group.getValue().properties()) {
          JsonPointer place =
              JsonPointer.empty().appendProperty(group.getKey()).appendProperty(value.getKey());
          String was = text(old.at(place));
          String is = text(identity.at(place));
          if (!was.equals(is)) {
            differing.add(
                "%s '%s' was %s, is %s".formatted(group.getKey(), value.getKey(), was, is));
          }
        }
      }
    }
    throw new IllegalArgumentException(
        "%s: was started differently (%s); remove it to start over, or resume it as it was started"
            .formatted(folder, differing.isEmpty() ? "its journal is damaged" : differing.first()));
  }

  private static String text(JsonNode value) {
    return value.isMissingNode() ? "not there" : value.toString();
  }

  private static byte[] line(JsonNode json) {
    return (json + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
