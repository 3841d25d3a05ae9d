package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Texts that hold the CRC-32C of all their bytes, its own eight digits as zeros:
///
/// ```text
/// {"step":5, …,"crc32c":"1a2b3c4d"}   an object of JSON, as a file or as a line of one: its last key
/// # crc32c: 1a2b3c4d                   YAML: the last line
/// ```
///
/// A text without one, which an older version or a person wrote, is read as it is.
public final class SummedText {
  private static final String KEY = "crc32c";
  private static final String ZEROS = "0".repeat(Crc32c.DIGITS);

  /// Characters at the end of a text that have its checksum.
  private static final int END = 64;

  private static final String WAY_OUT = "put a copy of it back, or delete it";

  /// At the end, but for what closes an object.
  private static final Pattern SUM =
      Pattern.compile(KEY + "[\" :]+([0-9a-f]{" + Crc32c.DIGITS + "})[\"}\\s]*\\z");

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private SummedText() {}

  /// Writes an object as a file of JSON, whole or not at all.
  public static void writeJson(Path file, Object value) throws IOException {
    ObjectNode json = MAPPER.valueToTree(value);
    byte[] text = JsonFiles.toBytes(json.put(KEY, ZEROS));
    AtomicFiles.writeFile(file, temporary -> Files.write(temporary, sealed(text)));
  }

  /// Reads a file of JSON that [#writeJson] wrote, or one without a checksum.
  ///
  /// @throws DamagedException if its checksum is another, or it is no such object
  public static <T> T readJson(Path file, Class<T> type) throws IOException {
    MappedFiles.requireFile(file);
    byte[] text = Files.readAllBytes(file);
    require(file, "", text);
    try {
      JsonNode json = MAPPER.readTree(text);
      if (json instanceof ObjectNode object) {
        object.remove(KEY);
      }
      T value = MAPPER.treeToValue(json, type);
      if (value == null) {
        throw damaged(file, "it is empty", null);
      }
      return value;
    } catch (JsonProcessingException | CharConversionException e) {
      String fact =
          e instanceof JsonProcessingException json ? json.getOriginalMessage() : "no text";
      throw damaged(file, JsonFiles.firstLine(fact), e);
    }
  }

  /// An object as a line of JSON, with its end.
  public static String jsonLine(Object value) throws IOException {
    ObjectNode json = MAPPER.valueToTree(value);
    byte[] line = (json.put(KEY, ZEROS) + "\n").getBytes(StandardCharsets.UTF_8);
    return new String(sealed(line), StandardCharsets.UTF_8);
  }

  /// The lines of a file from its first on, as far as they are whole: texts that [#jsonLine] made,
  /// or objects without a checksum before the first that has one.
  ///
  /// @return objects without their checksum; none where there is no file
  public static List<ObjectNode> wholeLines(Path file) throws IOException {
    return new GrowingLines(file).read().lines();
  }

  /// Checks that every line of such a file is whole.
  ///
  /// @return the lines
  /// @throws DamagedException naming the first that is not
  public static List<ObjectNode> requireWholeLines(Path file) throws IOException {
    List<ObjectNode> whole = wholeLines(file);
    long ends = Files.readString(file, StandardCharsets.ISO_8859_1).lines().count();
    if (whole.size() < ends) {
      throw damaged(file, "line %d is not what was written".formatted(whole.size() + 1), null);
    }
    return whole;
  }

  /// YAML with its checksum as a comment at the end.
  public static String yaml(String yaml) {
    byte[] text = "%s# %s: %s\n".formatted(yaml, KEY, ZEROS).getBytes(StandardCharsets.UTF_8);
    return new String(sealed(text), StandardCharsets.UTF_8);
  }

  /// Checks a file's text against the checksum in it, if it has one.
  ///
  /// @throws DamagedException if they differ, or the last line has no end
  public static void requireYaml(Path file) throws IOException {
    byte[] text = Files.readAllBytes(file);
    if (text.length == 0 || text[text.length - 1] != '\n') {
      throw damaged(file, "it ends within a line, after %d bytes".formatted(text.length), null);
    }
    require(file, "", text);
  }

  /// The object that a line is, without its checksum; none where it is something else.
  static Optional<ObjectNode> object(byte[] line) throws IOException {
    if (MAPPER.readTree(line) instanceof ObjectNode object) {
      object.remove(KEY);
      return Optional.of(object);
    }
    return Optional.empty();
  }

  private static byte[] sealed(byte[] zeroed) {
    Crc32c sum = new Crc32c();
    sum.add(zeroed);
    String text = new String(zeroed, StandardCharsets.ISO_8859_1); // a character a byte
    Matcher place = SUM.matcher(text);
    if (!place.find()) {
      throw new IllegalStateException("no place for a checksum in " + text);
    }
    String sealed = text.substring(0, place.start(1)) + sum.take() + text.substring(place.end(1));
    return sealed.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Whether the text has a checksum.
  ///
  /// @throws DamagedException if it is another than that of the text, or a bit of it is flipped
  static boolean require(Path file, String place, byte[] text) {
    String chars = new String(text, StandardCharsets.ISO_8859_1);
    Matcher sum = SUM.matcher(chars);
    if (!sum.find()) {
      if (isHidden(chars)) {
        throw damaged(file, place + "has a checksum that is damaged itself", null);
      }
      return false;
    }
    String zeroed = chars.substring(0, sum.start(1)) + ZEROS + chars.substring(sum.end(1));
    Crc32c found = new Crc32c();
    found.add(zeroed.getBytes(StandardCharsets.ISO_8859_1));
    String crc = found.take();
    if (!crc.equals(sum.group(1))) {
      throw damaged(file, "%shas CRC-32C %s, says %s".formatted(place, crc, sum.group(1)), null);
    }
    return true;
  }

  /// Whether the text would have a checksum if one bit near its end were another: without this, a
  /// flipped bit in the checksum's name would make it a text of an older version, which has none.
  private static boolean isHidden(String chars) {
    StringBuilder end = new StringBuilder(chars.substring(Math.max(0, chars.length() - END)));
    for (int i = 0; i < end.length(); i++) {
      char original = end.charAt(i);
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        end.setCharAt(i, (char) (original ^ (1 << bit)));
        if (SUM.matcher(end).find()) {
          return true;
        }
      }
      end.setCharAt(i, original);
    }
    return false;
  }

  private static DamagedException damaged(Path file, String fact, Exception cause) {
    return new DamagedException(file, "%s: is damaged (%s)".formatted(file, fact), WAY_OUT, cause);
  }
}
