package dev.irpo.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// One published file of GSM8K: a JSON object a line, the gold answer behind `####`.
final class Gsm8kFile {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final Pattern CALCULATOR_MARK = Pattern.compile("<<[^<>]*>>");
  private static final String ANSWER_MARK = "####";

  private Gsm8kFile() {}

  /// All problems of a file, numbered `prefix-1`, `prefix-2`, … by line.
  ///
  /// @throws IOException if the file cannot be read
  /// @throws IllegalArgumentException if a line is not a problem, or no line is one
  static List<Problem> read(Path file, String prefix) throws IOException {
    List<Problem> problems = new ArrayList<>();
    List<String> lines = lines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        problems.add(problem(lines.get(i), prefix + "-" + (i + 1), file + ":" + (i + 1)));
      }
    }
    if (problems.isEmpty()) {
      throw new IllegalArgumentException(
          file + ": no problem in it; expected lines like {\"question\": …, \"answer\": …}");
    }
    return List.copyOf(problems);
  }

  private static List<String> lines(Path file) throws IOException {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException missing) {
      throw new IOException(
          file + ": no such file; task.trainFile and task.testFile name GSM8K's jsonl files",
          missing);
    } catch (CharacterCodingException malformed) {
      throw new IllegalArgumentException(
          file + ": not UTF-8 text; take the published jsonl file", malformed);
    }
  }

  private static Problem problem(String line, String id, String place) {
    String question = text(line, "question", place);
    String worked = text(line, "answer", place);
    int mark = worked.lastIndexOf(ANSWER_MARK);
    String answer = mark < 0 ? "" : worked.substring(mark + ANSWER_MARK.length()).strip();
    if (ExactNumber.find(answer).isEmpty()) {
      throw new IllegalArgumentException(
          "%s: no number after '%s' in its answer; GSM8K ends each answer in '%s 72'"
              .formatted(place, ANSWER_MARK, ANSWER_MARK));
    }
    String chain = CALCULATOR_MARK.matcher(worked.substring(0, mark)).replaceAll("").strip();
    Optional<String> solution = chain.isEmpty() ? Optional.empty() : Optional.of(chain);
    return new Problem(id, question, answer, solution, Optional.empty());
  }

  private static String text(String line, String field, String place) {
    JsonNode value;
    try {
      value = JSON.readTree(line).path(field);
    } catch (JsonProcessingException malformed) {
      throw new IllegalArgumentException(
          "%s: not JSON (%s); each line must be one JSON object"
              .formatted(place, malformed.getOriginalMessage().replaceAll("\\s+", " ")),
          malformed);
    }
    if (!value.isTextual() || value.textValue().isBlank()) {
      throw new IllegalArgumentException(
          "%s: no text under '%s'; each line needs 'question' and 'answer'"
              .formatted(place, field));
    }
    return value.textValue().strip();
  }
}
