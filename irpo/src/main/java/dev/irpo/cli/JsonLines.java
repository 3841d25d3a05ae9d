package dev.irpo.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableRow;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// JSON Lines in and out. A line that is no JSON object, or lacks what it must have, is refused
/// with its number.
final class JsonLines {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /// What some editors put before a text in UTF-8.
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  /// Characters of a value in a message.
  private static final int MOST_SHOWN = 60;

  private JsonLines() {}

  /// One parsed line.
  ///
  /// @param source file name or `standard input`
  /// @param number from 1
  record Line(String source, int number, ObjectNode object) {
    IllegalArgumentException mistake(String fact) {
      return new IllegalArgumentException("%s line %d: %s".formatted(source, number, fact));
    }

    boolean has(String key) {
      return object.hasNonNull(key);
    }

    String text(String key) {
      JsonNode value = object.get(key);
      if (value == null || !value.isTextual()) {
        throw mistake("needs \"%s\" with a text, has %s".formatted(key, shown(value)));
      }
      return value.textValue();
    }

    /// A text, or a number as text.
    String textOrNumber(String key) {
      JsonNode value = object.get(key);
      return value != null && value.isNumber() ? value.asText() : text(key);
    }

    int[] ids(String key) {
      JsonNode value = object.get(key);
      if (value == null || !value.isArray()) {
        throw mistake("needs \"%s\" with a list of token ids, has %s".formatted(key, shown(value)));
      }
      int[] ids = new int[value.size()];
      for (int i = 0; i < ids.length; i++) {
        if (!value.get(i).canConvertToInt() || !value.get(i).isIntegralNumber()) {
          throw mistake(
              "\"%s\" holds %s at place %d, where a token id must be"
                  .formatted(key, shown(value.get(i)), i));
        }
        ids[i] = value.get(i).intValue();
      }
      return ids;
    }

    /// The beginning of what may be long.
    private static String shown(JsonNode value) {
      String text = String.valueOf(value);
      return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "…";
    }
  }

  /// Lines of standard input as they come.
  static LineReader standardInput() {
    return standardInput(
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
  }

  /// The same through a reader of it.
  static LineReader standardInput(BufferedReader reader) {
    return new LineReader("standard input", reader);
  }

  /// All lines of a file, or the rows of an Arrow table as if each were a line.
  ///
  /// @throws IllegalArgumentException if there is none or one is bad
  static List<Line> read(Path file) throws IOException {
    if (TableReader.isTable(file)) {
      return rows(file);
    }
    try (LineReader reader = new LineReader(file.toString(), Files.newBufferedReader(file))) {
      List<Line> lines = new ArrayList<>();
      for (Line line = reader.next(); line != null; line = reader.next()) {
        lines.add(line);
      }
      if (lines.isEmpty()) {
        throw new IllegalArgumentException(
            file + ": holds no line; give it one JSON object per line");
      }
      return lines;
    } catch (java.nio.charset.MalformedInputException e) {
      throw new IllegalArgumentException(file + ": is not UTF-8 text; convert it", e);
    }
  }

  private static List<Line> rows(Path table) throws IOException {
    List<ObjectNode> rows = TableReader.readAll(table, TableRow::json);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(table + ": holds no row; give it one for each text");
    }
    return IntStream.range(0, rows.size())
        .mapToObj(i -> new Line(table.toString(), i + 1, rows.get(i)))
        .toList();
  }

  /// Reads line by line, skipping empty ones.
  static final class LineReader implements AutoCloseable {
    private final String source;
    private final BufferedReader reader;
    private int number;

    LineReader(String source, BufferedReader reader) {
      this.source = source;
      this.reader = reader;
    }

    /// The next line, or null at the end.
    Line next() throws IOException {
      String text = reader.readLine();
      number++;
      if (text != null && number == 1 && text.startsWith(BYTE_ORDER_MARK)) {
        text = text.substring(BYTE_ORDER_MARK.length());
      }
      while (text != null && text.isBlank()) {
        text = reader.readLine();
        number++;
      }
      return text == null ? null : parse(text);
    }

    private Line parse(String text) {
      try {
        if (MAPPER.readTree(text) instanceof ObjectNode object) {
          return new Line(source, number, object);
        }
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(
            "%s line %d: is no JSON (%s)"
                .formatted(
                    source, number, e.getOriginalMessage().replaceFirst(" ?\\(start marker.*", "")),
            e);
      }
      throw new IllegalArgumentException(
          "%s line %d: must be a JSON object, is %s"
              .formatted(source, number, text.length() > 40 ? text.substring(0, 40) + "…" : text));
    }

    @Override
    public void close() throws IOException {
      reader.close();
    }
  }

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /// Writes one object as a line of standard output.
  static void print(ObjectNode object) {
    PrintStream out = System.out;
    byte[] line = (object + "\n").getBytes(StandardCharsets.UTF_8);
    out.write(line, 0, line.length);
    out.flush();
  }
}
