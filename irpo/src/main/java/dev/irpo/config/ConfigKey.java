package dev.irpo.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.irpo.setting.Described;
import dev.irpo.setting.Setting;
import dev.irpo.setting.TextForm;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One key: its path, the type of its values, and its [Setting].
///
/// @param path as YAML and `--set` name it, for instance `optimizer.learningRate`
record ConfigKey(String path, Class<?> type, Setting setting) {
  /// Puts texts in double quotes on one line, however long they are.
  private static final ObjectWriter YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .disable(YAMLGenerator.Feature.SPLIT_LINES)
          .build()
          .writer();

  static ConfigKey of(String path, RecordComponent component) {
    Setting setting = component.getAnnotation(Setting.class);
    if (setting == null) {
      throw new IllegalStateException("configuration key " + path + " has no @Setting");
    }
    return new ConfigKey(path, component.getType(), setting);
  }

  /// What it does; of choices that describe themselves, each of them.
  String doc() {
    return Stream.concat(
            Stream.of(setting.doc()),
            Arrays.stream(type.isEnum() ? type.getEnumConstants() : new Object[0])
                .filter(Described.class::isInstance)
                .map(choice ->
                    Choices.text((Enum<?>) choice) + ": " + ((Described) choice).description()))
        .collect(Collectors.joining("; "));
  }

  /// The value that was written.
  ///
  /// @throws IllegalArgumentException if it is not of the key's type or not in its range
  Object parse(Given given) {
    String text = given.text().strip();
    if (type.isEnum()) {
      return Choices.find(type, text)
          .orElseThrow(() ->
              given.refuse(path, allowed() + "; the nearest is " + Choices.nearest(type, text)));
    }
    if (type == boolean.class) {
      if (!text.equals("true") && !text.equals("false")) {
        throw given.refuse(path, allowed());
      }
      return text.equals("true");
    }
    if (type == String.class) {
      if (!textForm().allows(text)) {
        throw given.refuse(path, allowed());
      }
      return text;
    }
    return type == List.class ? numbers(text, given) : number(text, given);
  }

  private Object number(String text, Given given) {
    try {
      if (type == int.class) {
        return (int) inRange(Integer.parseInt(text), given);
      }
      if (type == long.class) {
        return Long.parseLong(text);
      }
      return inRange(Double.parseDouble(text), given);
    } catch (NumberFormatException notANumber) {
      throw given.refuse(path, allowed());
    }
  }

  private double inRange(double number, Given given) {
    if (!range().contains(number) || Double.isInfinite(number)) {
      throw given.refuse(path, allowed());
    }
    return number;
  }

  private List<Double> numbers(String text, Given given) {
    boolean bracketed = text.startsWith("[") && text.endsWith("]");
    String entries = bracketed ? text.substring(1, text.length() - 1) : text;
    try {
      return Arrays.stream(entries.split(",", -1))
          .map(entry -> inRange(Double.parseDouble(entry.strip()), given))
          .toList();
    } catch (NumberFormatException notANumber) {
      throw given.refuse(path, allowed());
    }
  }

  private TextForm textForm() {
    if (setting.textForm() == TextForm.class) {
      return new PatternForm(setting.pattern(), setting.form());
    }
    try {
      return setting.textForm().getConstructor().newInstance();
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(
          "the form of " + path + " has no public constructor", impossible);
    }
  }

  /// A form that a regular expression gives.
  private record PatternForm(String pattern, String words) implements TextForm {
    @Override
    public boolean allows(String text) {
      return text.matches(pattern);
    }
  }

  private Interval range() {
    return Interval.parse(setting.range());
  }

  /// What values may be, in words.
  String allowed() {
    if (type.isEnum()) {
      return "one of " + Choices.list(type);
    }
    if (type == boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return textForm().words();
    }
    String numbers =
        type == List.class
            ? "a list of numbers"
            : type == double.class ? "a number" : "a whole number";
    return range().isEverything() ? numbers : numbers + " in " + setting.range();
  }

  /// The line of YAML that gives the key a value, without its section; [#parse] gives the same
  /// value back.
  String line(Object value) {
    String name = path.substring(path.lastIndexOf('.') + 1);
    return switch (value) {
      case String text -> line(name, text);
      case Enum<?> choice -> "%s: %s\n".formatted(name, Choices.text(choice));
      case List<?> list ->
          list.stream()
              .map(Object::toString)
              .collect(Collectors.joining(", ", name + ": [", "]\n"));
      default -> "%s: %s\n".formatted(name, value);
    };
  }

  /// The value as [#line] writes it.
  String text(Object value) {
    String line = line(value).stripTrailing();
    return line.substring(line.indexOf(": ") + 2);
  }

  private static String line(String name, String text) {
    try {
      return YAML.writeValueAsString(Map.of(name, text));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a text cannot be written as YAML", impossible);
    }
  }
}
