package dev.irpo.reward;

import dev.irpo.setting.TextForm;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// The graders that configuration can name: those of a list, and classes on the class path.
public final class Graders {
  /// What a configuration names by default.
  public static final String STANDARD = "number-v2";

  private static final Pattern CLASS_NAME =
      Pattern.compile("[\\p{L}_$][\\w$]*(\\.[\\p{L}_$][\\w$]*)+");

  private static final Map<String, ExactMatch> LISTED = new LinkedHashMap<>();

  static {
    for (GraderVersion version : List.of(GraderVersion.V2, GraderVersion.V1)) {
      for (ExactMatch grader :
          List.of(new NumberGrader(version), new MathGrader(version), new LetterGrader(version))) {
        LISTED.put(grader.name(), grader);
      }
    }
  }

  private Graders() {}

  /// What a name may be: one of the list, or that of a class.
  public static final class NameForm implements TextForm, Iterable<String> {
    /// For the reader of the configuration.
    public NameForm() {}

    @Override
    public boolean allows(String text) {
      return isListed(text) || CLASS_NAME.matcher(text).matches();
    }

    @Override
    public String words() {
      return String.join(", ", names()) + " or a class on the class path";
    }

    /// The same as one text, for the command line's help.
    @Override
    public Iterator<String> iterator() {
      return List.of(words()).iterator();
    }
  }

  /// The names of the list, those of the latest version first.
  public static List<String> names() {
    return List.copyOf(LISTED.keySet());
  }

  /// Whether a name is in the list, so that any other must be a class.
  public static boolean isListed(String name) {
    return LISTED.containsKey(name);
  }

  /// The version of a listed name; empty for a class.
  public static Optional<GraderVersion> versionOf(String name) {
    return Optional.ofNullable(LISTED.get(name)).map(ExactMatch::version);
  }

  /// The grader of a name, or a new one of the class of that name.
  ///
  /// @param option where the name was written, for messages
  /// @throws IllegalArgumentException if there is neither, or the class is no grader
  public static Grader of(String option, String name) {
    return isListed(name) ? LISTED.get(name) : newInstance(option, name);
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
    } catch (ClassNotFoundException missing) {
      throw new IllegalArgumentException(
          "%s: there is no grader '%s'; choose one of %s, or a class whose jar IRPO_CLASS_PATH names"
              .formatted(option, name, String.join(", ", names())),
          missing);
    } catch (InvocationTargetException | ExceptionInInitializerError failed) {
      throw new IllegalArgumentException(
          "%s: %s cannot be made (%s); see to its constructor and static fields"
              .formatted(option, name, oneLine(failed.getCause())),
          failed);
    } catch (LinkageError unlinked) {
      throw new IllegalArgumentException(
          "%s: %s is there but cannot be loaded (%s); let IRPO_CLASS_PATH name all that it needs, compiled for this Java"
              .formatted(option, name, oneLine(unlinked)),
          unlinked);
    } catch (ReflectiveOperationException unusable) {
      throw new IllegalArgumentException(
          "%s: %s cannot be made; it must be a public class with a public constructor without parameters"
              .formatted(option, name),
          unusable);
    }
  }

  private static String oneLine(Throwable failure) {
    return failure.toString().replaceAll("\\s+", " ");
  }
}
