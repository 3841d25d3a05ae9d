package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GradersTest {
  @Test
  void everyListedGraderHasTheNameItIsFoundBy() {
    assertEquals(List.of("number-v1", "math-v1", "letter-v1"), Graders.names());
    for (String name : Graders.names()) {
      assertEquals(name, Graders.of("task.grader", name).name());
      assertTrue(name.matches(Graders.PATTERN) && Graders.FORM.contains(name), name);
    }
  }

  @Test
  void aClassIsAGraderByItsName() {
    Grader grader = Graders.of("task.grader", StepGrader.class.getName());
    assertInstanceOf(StepGrader.class, grader);
    assertEquals(0.5f, grader.grade("So 7.", "8").reward());
    assertTrue(StepGrader.class.getName().matches(Graders.PATTERN));
  }

  /// Its constructor takes a parameter.
  public static final class WithParameter implements Grader {
    /// A grader that asks something.
    public WithParameter(String what) {
      throw new IllegalStateException(what);
    }

    @Override
    public String name() {
      return "never";
    }

    @Override
    public Grade grade(String response, Gold gold) {
      return Grade.of(0, "");
    }
  }

  /// Its constructor fails.
  public static final class Failing implements Grader {
    /// A grader whose model is not there.
    public Failing() {
      throw new IllegalStateException("no model at port 80");
    }

    @Override
    public String name() {
      return "never";
    }

    @Override
    public Grade grade(String response, Gold gold) {
      return Grade.of(0, "");
    }
  }

  private static String refusal(String name) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Graders.of("task.grader", name))
            .getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.startsWith("task.grader: "), message);
    return message;
  }

  @Test
  void whatIsNoGraderIsRefusedInOneLine() {
    assertTrue(refusal("dev.example.Missing").contains("dev.example.Missing"));
    assertTrue(refusal("dev.example.Missing").contains("IRPO_CLASS_PATH"));
    assertTrue(refusal("java.lang.String").contains("does not implement"));
    assertTrue(refusal(WithParameter.class.getName()).contains("without parameters"));
    assertTrue(refusal(Failing.class.getName()).contains("no model at port 80"));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.01, 1.01, Double.NaN, Double.POSITIVE_INFINITY})
  void aRewardOutsideZeroToOneIsRefused(double reward) {
    assertThrows(IllegalArgumentException.class, () -> Grade.of(reward, ""));
  }
}
