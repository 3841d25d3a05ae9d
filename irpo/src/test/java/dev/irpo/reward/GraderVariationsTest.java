package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Grades every number in every form, against itself and against the likeliest wrong readings.
///
/// In a form `#` is the number, `~` the same with commas between thousands.
final class GraderVariationsTest {
  private static final List<String> NUMBERS =
      List.of(
          "0",
          "1",
          "2",
          "5",
          "7",
          "10",
          "18",
          "20",
          "42",
          "72",
          "99",
          "100",
          "125",
          "365",
          "999",
          "1000",
          "1024",
          "1234",
          "5600",
          "12345",
          "100000",
          "694000",
          "1234567",
          "20000000",
          "0.5",
          "2.25",
          "12.50",
          "1234.75");

  private static final List<String> FORMS = rows("form");
  private static final List<String> SENTENCES = rows("sentence");
  private static final List<String> MINUS = rows("minus");
  private static final List<String> SIGNED = rows("signed");
  private static final List<String> SPOILED = rows("spoiled");

  private static final Grader NUMBER = new NumberGrader(GraderVersion.V2);
  private static final Grader MATH = new MathGrader(GraderVersion.V2);

  private final Set<String> mistakes = new LinkedHashSet<>();

  private static List<String> rows(String kind) {
    try (InputStream in = GraderVariationsTest.class.getResourceAsStream("variations.txt")) {
      List<String> rows =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(row -> row.startsWith(kind + " | "))
              .map(row -> row.substring(kind.length() + 3).replace("<sp>", " "))
              .toList();
      assertFalse(rows.isEmpty(), kind);
      return rows;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static String filled(String form, String number) {
    return form.replace("####", "@")
        .replace("#", number)
        .replace("~", grouped(number))
        .replace("@", "####");
  }

  private static String grouped(String number) {
    int point = number.indexOf('.');
    String whole = point < 0 ? number : number.substring(0, point);
    String groups = whole.replaceAll("(?<=\\d)(?=(?:\\d{3})+$)", ",");
    return point < 0 ? groups : groups + number.substring(point);
  }

  private static Grade grade(Grader grader, String answer, String gold) {
    return grader.grade("So 3. Final answer: " + answer, gold);
  }

  private void requireRight(Grader grader, String answer, String gold) {
    require(true, grader, answer, gold);
  }

  private void requireWrong(Grader grader, String answer, String gold) {
    require(false, grader, answer, gold);
  }

  private void require(boolean right, Grader grader, String answer, String gold) {
    Grade grade = grade(grader, answer, gold);
    if (grade.correct() != right) {
      mistakes.add("%s: '%s', where %s".formatted(grader.name(), answer, grade.why()));
    }
  }

  @AfterEach
  void nothingIsMistaken() {
    assertEquals(List.of(), List.copyOf(mistakes));
  }

  /// Numbers that a careless reading of this one would find.
  private static List<String> neighbours(String number) {
    BigDecimal value = new BigDecimal(number);
    List<String> others = new ArrayList<>();
    others.add("-" + value.add(BigDecimal.ONE).toPlainString());
    for (BigDecimal other :
        List.of(
            value.add(BigDecimal.ONE),
            value.multiply(BigDecimal.TEN).add(BigDecimal.ONE),
            value.movePointLeft(3).add(new BigDecimal("1000")),
            value.remainder(new BigDecimal(1000)).add(new BigDecimal("0.25")))) {
      if (other.compareTo(value) != 0) {
        others.add(other.toPlainString());
      }
    }
    return others;
  }

  static List<String> numbers() {
    return NUMBERS;
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void everyFormOfANumberIsThatNumberAndNoOther(String number) {
    List<String> all = new ArrayList<>(FORMS);
    all.addAll(SENTENCES);
    for (String form : all) {
      String answer = filled(form, number);
      for (Grader grader : FORMS.contains(form) ? List.of(NUMBER, MATH) : List.of(NUMBER)) {
        requireRight(grader, answer, number);
        neighbours(number).forEach(other -> requireWrong(grader, answer, other));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void noSignIsLostHoweverItIsWritten(String number) {
    for (String sign : MINUS) {
      for (String form : SIGNED) {
        String answer = sign + filled(form, number);
        String before = filled(form.replaceFirst("[#~]", "-$0"), number);
        for (Grader grader : List.of(NUMBER, MATH)) {
          requireRight(grader, answer, "-" + number);
          requireRight(grader, "x = " + answer, "-" + number);
          if (!number.equals("0")) {
            requireWrong(grader, answer, number);
            requireWrong(grader, before, number);
            requireWrong(grader, "So the answer is " + answer, number);
            requireWrong(grader, "So the answer is $" + answer + "$.", number);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void noPartOfAnotherAnswerIsRead(String number) {
    if (number.equals("0")) {
      return; // 0 million is 0
    }
    for (String form : SPOILED) {
      for (String around : List.of("#", "$#$", "**#**", "The answer is #.", "\\boxed{#}")) {
        String answer = around.replace("#", filled(form, number));
        for (Grader grader : List.of(NUMBER, MATH)) {
          requireWrong(grader, answer, number);
          requireWrong(grader, answer, "31");
        }
      }
    }
  }

  /// Groups of digits, with whatever writers put between thousands.
  @ParameterizedTest
  @ValueSource(strings = {" ", "\u00A0", "\u202F", "\u2009", "\\,", "\\ ", "~", "{,}", ",", ",\\!"})
  void thousandsAreSeparatedInManyWays(String gap) {
    for (Grader grader : List.of(NUMBER, MATH)) {
      requireRight(grader, "1" + gap + "234", "1234");
      requireRight(grader, "$12" + gap + "345" + gap + "678$.", "12345678");
      requireWrong(grader, "1" + gap + "234", "1");
      requireWrong(grader, "1" + gap + "234", "234");
      requireWrong(grader, "1" + gap + "23", "123");
      requireWrong(grader, "1" + gap + "2345", "12345");
      requireWrong(grader, "0" + gap + "234", "234");
      requireWrong(grader, "1234" + gap + "567", "1234567");
    }
  }

  /// Published answers, each in one of the forms that models write.
  @Test
  void publishedAnswersAreReadAsTheyStand() throws IOException {
    List<String> forms = List.of("#", "$#", "#.", "**#**", "$\\boxed{#}$", "The answer is #.");
    Pattern last = Pattern.compile("(?s).*#### (\\S+)\\s*");
    Grader old = new NumberGrader(GraderVersion.V1);
    int problems = 0;
    for (String file : List.of("gsm8k/train.jsonl", "gsm8k/test.jsonl")) {
      for (String line : Files.readAllLines(ForeignData.path(file))) {
        String solution = new ObjectMapper().readTree(line).get("answer").asText();
        Matcher mark = last.matcher(solution);
        assertTrue(mark.matches(), line);
        String gold = mark.group(1);
        String form = forms.get(problems % forms.size());
        requireRight(NUMBER, form.replace("#", gold), gold);
        requireWrong(NUMBER, form.replace("#", "-" + gold + "1"), gold);
        requireWrong(NUMBER, form.replace("#", gold + "1"), gold);
        String plain = "Final answer: " + gold;
        assertEquals(old.grade(plain, gold).extracted(), NUMBER.grade(plain, gold).extracted());
        problems++;
      }
    }
    assertTrue(problems >= 5276, "only " + problems + " problems");
  }
}
