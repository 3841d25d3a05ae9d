package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GradersTest {
  private static final Graders.NameForm FORM = new Graders.NameForm();

  @Test
  void everyListedGraderHasTheNameItIsFoundBy() {
    assertEquals(
        List.of("number-v2", "math-v2", "letter-v2", "number-v1", "math-v1", "letter-v1"),
        Graders.names());
    for (String name : Graders.names()) {
      assertEquals(name, Graders.of("task.grader", name).name());
      assertTrue(FORM.allows(name) && FORM.words().contains(name), name);
    }
    assertEquals(Graders.STANDARD, new NumberGrader().name());
  }

  @Test
  void aNameIsListedOrThatOfAClass() {
    assertEquals(
        "number-v2, math-v2, letter-v2, number-v1, math-v1, letter-v1 or a class on the class path",
        FORM.words());
    assertEquals(List.of(FORM.words()), StreamSupport.stream(FORM.spliterator(), false).toList());
    for (String name : List.of("", "number", "number-v3", "numbr-v2", "Grader", "a.b-c", "1.2")) {
      assertFalse(FORM.allows(name), name);
    }
    assertTrue(FORM.allows("dev.example.Own$Grader_1"));
  }

  @Test
  void aListedNameGivesItsVersion() {
    assertEquals(Optional.of(GraderVersion.V1), Graders.versionOf("math-v1"));
    assertEquals(Optional.of(GraderVersion.V2), Graders.versionOf("letter-v2"));
    assertEquals(Optional.empty(), Graders.versionOf("dev.example.Own"));
  }

  @Test
  void aClassIsAGraderByItsName() {
    Grader grader = Graders.of("task.grader", StepGrader.class.getName());
    assertInstanceOf(StepGrader.class, grader);
    assertEquals(0.5f, grader.grade("So 7.", "8").reward());
    assertTrue(FORM.allows(StepGrader.class.getName()));
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

  /// Needs a class that is missing.
  public static final class Unlinked extends Named {
    /// A grader whose jar lacks another.
    public Unlinked() {
      throw new NoClassDefFoundError("org/example/\nClient");
    }
  }

  /// Fails before it has a constructor.
  public static final class Static extends Named {
    static final int PORT = Integer.parseInt("eighty");
  }

  /// Cannot be initialised, which Java reports differently the second time.
  public static final class Twice extends Named {
    static final int PORT = Integer.parseInt("eighty");
  }

  /// What the graders that cannot be made have in common.
  public abstract static class Named implements Grader {
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
    assertTrue(refusal(Unlinked.class.getName()).contains("org/example/ Client"));
    assertTrue(refusal(Static.class.getName()).contains("eighty"));
    assertTrue(refusal(Named.class.getName()).contains("public constructor"));
  }

  @Test
  void aClassThatIsThereButCannotBeLoadedIsNoMissingOne() {
    refusal(Twice.class.getName());
    String message = refusal(Twice.class.getName());
    assertTrue(message.contains("cannot be loaded (java.lang.NoClassDefFoundError"), message);
    assertFalse(message.contains("there is no grader"), message);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.01, 1.01, Double.NaN, Double.POSITIVE_INFINITY})
  void aRewardOutsideZeroToOneIsRefused(double reward) {
    assertThrows(IllegalArgumentException.class, () -> Grade.of(reward, ""));
  }
}
