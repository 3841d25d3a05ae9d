package dev.irpo.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableRow;
import dev.irpo.reward.Grader;
import dev.irpo.reward.UnreadableGold;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One JSON object of a file with problems.
///
/// @param place file and line, what messages begin with
/// @param number of the line, from 1
record ProblemJson(String place, int number, JsonNode json) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /// What some editors put before a text in UTF-8.
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  /// How one object becomes a problem.
  interface Form {
    /// The problem.
    ///
    /// @param defaultId the id of a problem that has none
    Problem problem(ProblemJson json, String defaultId);
  }

  /// The problems of a file with one object per line, or of an Arrow table with one per row; those
  /// without an id numbered `split-1`, `split-2`, … by line.
  static List<Problem> readLines(Path file, String split, Form form) throws IOException {
    if (TableReader.isTable(file)) {
      return readRows(file, split, form);
    }
    List<Problem> problems = new ArrayList<>();
    List<String> lines = text(file).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        ProblemJson json = parse(lines.get(i), file + ":" + (i + 1), i + 1);
        problems.add(form.problem(json, split + "-" + (i + 1)));
      }
    }
    if (problems.isEmpty()) {
      throw new IllegalArgumentException(
          file + ": no problem in it; expected one JSON object per line");
    }
    return List.copyOf(problems);
  }

  private static List<Problem> readRows(Path table, String split, Form form) throws IOException {
    List<ObjectNode> rows = TableReader.readAll(table, TableRow::json);
    List<Problem> problems = new ArrayList<>();
    for (int i = 1; i <= rows.size(); i++) {
      ProblemJson json = new ProblemJson(table + " row " + i, i, rows.get(i - 1));
      problems.add(form.problem(json, split + "-" + i));
    }
    if (problems.isEmpty()) {
      throw new IllegalArgumentException(table + ": no problem in it; expected one per row");
    }
    return List.copyOf(problems);
  }

  /// The object that is a whole file.
  static ProblemJson readWhole(Path file) throws IOException {
    return parse(text(file), file.toString(), 1);
  }

  private static String text(Path file) throws IOException {
    try {
      String text = Files.readString(file);
      return text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text;
    } catch (NoSuchFileException missing) {
      throw new IOException(
          file + ": no such file; task.trainFile, task.devFile and task.testFile name the files",
          missing);
    } catch (CharacterCodingException malformed) {
      throw new IllegalArgumentException(
          file + ": not UTF-8 text; take the published file", malformed);
    }
  }

  private static ProblemJson parse(String text, String place, int number) {
    try {
      JsonNode json = JSON.readTree(text);
      if (json.isObject()) {
        return new ProblemJson(place, number, json);
      }
    } catch (JsonProcessingException malformed) {
      throw new IllegalArgumentException(
          "%s: not JSON (%s); it must be one JSON object"
              .formatted(place, malformed.getOriginalMessage().replaceAll("\\s+", " ")),
          malformed);
    }
    throw new IllegalArgumentException(place + ": not a JSON object; one must stand here");
  }

  /// The text of a field.
  String text(String field) {
    return optionalText(field)
        .orElseThrow(() -> mistake("no text under '%s'; each problem needs one".formatted(field)));
  }

  /// The text of a field, or the number as text; empty where it is missing or blank.
  Optional<String> optionalText(String field) {
    JsonNode value = json.path(field);
    return value.isTextual() || value.isNumber()
        ? Optional.of(value.asText().strip()).filter(text -> !text.isEmpty())
        : Optional.empty();
  }

  IllegalArgumentException mistake(String fact) {
    return new IllegalArgumentException(place + ": " + fact);
  }

  /// A problem whose gold answer a grader can read, else the refusal that says where it stands.
  Problem gradable(Problem problem, Grader grader) {
    try {
      grader.requireReadable(problem.gold());
      return problem;
    } catch (UnreadableGold unreadable) {
      throw new IllegalArgumentException(place + ": " + unreadable.getMessage(), unreadable);
    }
  }
}
