package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// JSON objects in files, read strictly (no key twice, nothing after the end), written prettily.
public final class JsonFiles {
  private static final ObjectReader READER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();
  private static final ObjectWriter WRITER =
      JsonMapper.builder()
          .build()
          .writer(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));

  /// The index of a model of 405B parameters has about 100 kB, the header of its one file of
  /// safetensors would have 150; malicious JSON takes some forty times its size.
  public static final long MAX_BYTES = 2_000_000;

  private static final int MAX_MESSAGE_CHARS = 1000;

  private JsonFiles() {}

  public static ObjectNode readObject(Path file) throws IOException {
    MappedFiles.requireFile(file);
    requireSize(Files.size(file), file.toString());
    return parseObject(Files.readAllBytes(file), file.toString());
  }

  private static void requireSize(long bytes, String source) {
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, at most %d are read; fetch or convert it again"
              .formatted(source, bytes, MAX_BYTES));
    }
  }

  /// @param source what the text is called in messages
  public static ObjectNode parseObject(byte[] text, String source) throws IOException {
    if (parse(text, source) instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException(
        source + ": holds JSON that is not an object {…}; fetch or convert it again");
  }

  public static JsonNode parse(byte[] text, String source) throws IOException {
    requireSize(text.length, source);
    try {
      return READER.readTree(text);
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? ""
              : "line %d, column %d: "
                  .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
      throw new IllegalArgumentException(
          "%s: is not valid JSON (%s%s); fetch or convert it again"
              .formatted(source, where, firstLine(e.getOriginalMessage())),
          e);
    } catch (CharConversionException e) {
      throw new IllegalArgumentException(
          source + ": is not valid JSON (no text in UTF-8); fetch or convert it again", e);
    }
  }

  /// The numbers of an array.
  ///
  /// @throws IllegalArgumentException if one is not a whole number of 64 bits
  public static long[] longs(JsonNode array) {
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      if (!array.get(i).isIntegralNumber() || !array.get(i).canConvertToLong()) {
        throw new IllegalArgumentException("'" + array.get(i) + "' is not a whole number");
      }
      values[i] = array.get(i).longValue();
    }
    return values;
  }

  static byte[] toBytes(JsonNode json) throws IOException {
    return (WRITER.writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  static void write(Path file, JsonNode json) throws IOException {
    Files.write(file, toBytes(json));
  }

  public static String firstLine(String message) {
    return message == null ? "no details" : message.lines().findFirst().orElse("no details");
  }

  /// A message that quotes a file's content, fit for one line whatever the file holds.
  public static String oneLine(String message) {
    String line = String.valueOf(message).replaceAll("[\\p{Cc}\u2028\u2029]+", " ");
    return line.length() > MAX_MESSAGE_CHARS ? line.substring(0, MAX_MESSAGE_CHARS) + "…" : line;
  }
}
