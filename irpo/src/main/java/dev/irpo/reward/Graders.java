package dev.irpo.reward;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The graders that configuration can name: those of a list, and classes on the class path.
public final class Graders {
  /// What a name may be, as a regular expression.
  public static final String PATTERN =
      NumberGrader.NAME
          + '|'
          + MathGrader.NAME
          + '|'
          + LetterGrader.NAME
          + "|[\\p{L}_$][\\w$]*(\\.[\\p{L}_$][\\w$]*)+";

  /// The same in words.
  public static final String FORM =
      NumberGrader.NAME
          + ", "
          + MathGrader.NAME
          + ", "
          + LetterGrader.NAME
          + " or a class on the class path";

  private static final Map<String, Supplier<Grader>> LISTED = new LinkedHashMap<>();

  static {
    LISTED.put(NumberGrader.NAME, NumberGrader::new);
    LISTED.put(MathGrader.NAME, MathGrader::new);
    LISTED.put(LetterGrader.NAME, LetterGrader::new);
  }

  private Graders() {}

  /// The names of the list.
  public static List<String> names() {
    return List.copyOf(LISTED.keySet());
  }

  /// Whether a name is in the list, so that any other must be a class.
  public static boolean isListed(String name) {
    return LISTED.containsKey(name);
  }

  /// The grader of a name, or a new one of the class of that name.
  ///
  /// @param option where the name was written, for messages
  /// @throws IllegalArgumentException if there is neither, or the class is no grader
  public static Grader of(String option, String name) {
    return isListed(name) ? LISTED.get(name).get() : newInstance(option, name);
  }

  private static Grader newInstance(String option, String name) {
    try {
      Class<?> type = Class.forName(name);
      if (!Grader.class.isAssignableFrom(type)) {
        throw new IllegalArgumentException(
            "%s: %s does not implement %s; let it".formatted(option, name, Grader.class.getName()));
      }
      Constructor<?> constructor = type.getConstructor();
      return Grader.class.cast(constructor.newInstance());
    } catch (ClassNotFoundException | LinkageError missing) {
      throw new IllegalArgumentException(
          "%s: there is no grader '%s'; choose one of %s, or a class whose jar IRPO_CLASS_PATH names"
              .formatted(option, name, String.join(", ", names())),
          missing);
    } catch (InvocationTargetException failed) {
      throw new IllegalArgumentException(
          "%s: %s cannot be made (%s); see to its constructor"
              .formatted(option, name, failed.getCause()),
          failed);
    } catch (ReflectiveOperationException unusable) {
      throw new IllegalArgumentException(
          "%s: %s cannot be made; it must be a public class with a public constructor without parameters"
              .formatted(option, name),
          unusable);
    }
  }
}
