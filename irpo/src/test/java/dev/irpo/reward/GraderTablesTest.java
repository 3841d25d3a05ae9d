package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What version 2 of each grader counts as right and as wrong, from tables next to this class.
final class GraderTablesTest {
  private static final List<String> OPTIONS = List.of("ice", "water vapor", "salt water", "sand");
  private static final Map<String, Grader> GRADERS =
      Map.of(
          "number", new NumberGrader(GraderVersion.V2),
          "math", new MathGrader(GraderVersion.V2),
          "letter", new LetterGrader(GraderVersion.V2));

  record Case(String grader, boolean right, String response, String gold) {
    Grade grade() {
      List<String> options = grader.equals("letter") ? OPTIONS : List.of();
      return GRADERS.get(grader).grade(response, new Gold("", gold, options));
    }
  }

  static Stream<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    for (String grader : List.of("number", "math", "letter")) {
      for (String[] cells : rows(grader + "-v2.txt")) {
        String response = "So 7. Final answer: " + cells[1];
        cases.add(new Case(grader, isRight(cells[0]), response, cells[2]));
      }
    }
    for (String[] cells : rows("responses-v2.txt")) {
      String response = cells[2].replace("<br>", "\n");
      cases.add(new Case(cells[1], isRight(cells[0]), response, cells[3]));
    }
    return cases.stream();
  }

  private static List<String[]> rows(String table) throws IOException {
    try (InputStream in = GraderTablesTest.class.getResourceAsStream(table)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines()
          .filter(row -> !row.startsWith("#"))
          .map(row -> row.split(" \\| ", -1))
          .toList();
    }
  }

  private static boolean isRight(String verdict) {
    return switch (verdict) {
      case "right" -> true;
      case "wrong" -> false;
      default -> throw new IllegalArgumentException("no verdict: " + verdict);
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theResponseIsGradedAsTheTableSays(Case row) {
    Grade grade = row.grade();
    assertEquals(row.right(), grade.correct(), () -> grade.why() + ": " + grade.answerText());
  }

  @Test
  void reportedAnswersAreGradedAsTheirReportsSay() throws IOException {
    List<String> lines = Files.readAllLines(ForeignData.path("reports/graders.jsonl"));
    assertTrue(lines.size() >= 96);
    for (String line : lines) {
      JsonNode report = new ObjectMapper().readTree(line);
      List<String> options = new ArrayList<>();
      report.path("options").forEach(option -> options.add(option.asText()));
      Grader grader = GRADERS.get(report.get("grader").asText().replace("-v1", ""));
      Gold gold = new Gold("", report.get("answer").asText(), options);
      Grade grade = grader.grade(report.get("response").asText(), gold);
      assertEquals(report.get("correct").asBoolean(), grade.correct(), () -> line + grade.why());
    }
  }
}
