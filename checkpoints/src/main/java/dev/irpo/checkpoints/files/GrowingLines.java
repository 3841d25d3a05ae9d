package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The lines of a file of [SummedText] that another process may be writing, from its first on, as
/// far as they are whole. Each is read once; a file that is replaced or cut is read anew. What
/// follows the last line's end is a line that is being written.
public final class GrowingLines {
  private final Path file;
  private Optional<FileStamp> stamp = Optional.empty();
  private Optional<String> damage = Optional.empty();
  private boolean isSummed;
  private boolean isCut;
  private long end; // of the last whole line
  private int lines;

  /// What a reading found.
  ///
  /// @param isAnew whether the lines of earlier readings count no more
  /// @param lines that follow those, without their checksums
  public record Added(boolean isAnew, List<ObjectNode> lines) {}

  /// The lines of a file, of which nothing is read yet; it need not be there.
  public GrowingLines(Path file) {
    this.file = file;
  }

  /// Reads what was added since the last reading.
  public Added read() throws IOException {
    Optional<FileStamp> now = FileStamp.of(file);
    if (now.equals(stamp)) {
      return new Added(false, List.of());
    }
    boolean isGrown =
        now.isPresent() && stamp.isPresent() && now.get().isGrownFrom(stamp.orElseThrow());
    if (!isGrown) {
      begin();
    }
    stamp = now;
    List<ObjectNode> added = new ArrayList<>();
    if (now.isPresent() && damage.isEmpty()) {
      add(rest(), added);
    }
    return new Added(!isGrown, added);
  }

  private void begin() {
    damage = Optional.empty();
    isSummed = false;
    isCut = false;
    end = 0;
    lines = 0;
  }

  /// What follows the last whole line, a character a byte.
  private String rest() throws IOException {
    try (FileChannel channel = FileChannel.open(file).position(end);
        InputStream in = Channels.newInputStream(channel)) {
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException gone) {
      return "";
    }
  }

  private void add(String text, List<ObjectNode> added) throws IOException {
    int begin = 0;
    for (int stop = text.indexOf('\n'); stop >= 0; stop = text.indexOf('\n', begin)) {
      byte[] line = text.substring(begin, stop + 1).getBytes(StandardCharsets.ISO_8859_1);
      Optional<ObjectNode> whole = whole(line);
      if (whole.isEmpty()) {
        damage = Optional.of("line %d is not what was written".formatted(lines + 1));
        return;
      }
      added.add(whole.get());
      begin = stop + 1;
      end += line.length;
      lines++;
    }
    isCut = begin < text.length();
  }

  private Optional<ObjectNode> whole(byte[] line) throws IOException {
    try {
      boolean has = SummedText.require(file, "line %d ".formatted(lines + 1), line);
      Optional<ObjectNode> object = SummedText.object(line);
      if (isSummed && !has) {
        return Optional.empty();
      }
      isSummed = has;
      return object;
    } catch (DamagedException | JsonProcessingException | CharConversionException e) {
      return Optional.empty();
    }
  }

  /// What is wrong with the line after the last whole one, if its end is there.
  public Optional<String> damage() {
    return damage;
  }

  /// Whether the file ends within a line.
  public boolean isCut() {
    return isCut;
  }
}
