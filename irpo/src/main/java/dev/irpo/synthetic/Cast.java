package dev.irpo.synthetic;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The people and things of one story, and the writing of its texts with them.
///
/// @param people four different names, for `{P}`, `{Q}`, `{R}`, `{S}`
/// @param things three different plurals, for `{T}`, `{U}`, `{V}`
record Cast(List<String> people, List<String> things) {
  private static final List<String> NAMES =
      List.of(
          "Tom", "Anna", "Ben", "Mia", "Sam", "Lily", "Max", "Emma", "Leo", "Nina", "Jack", "Ella",
          "Paul", "Rosa", "Omar", "Kate", "Ivan", "Mei", "Noah", "Zoe");
  private static final List<String> THINGS =
      List.of(
          "apples", "pens", "eggs", "books", "cards", "coins", "shells", "pears", "balls",
          "cookies", "marbles", "stamps", "nuts", "beads", "plums", "toys", "cups", "roses",
          "candles", "lemons");
  private static final Pattern CHOICE = Pattern.compile("\\[([^\\[\\]]*)]");
  private static final Pattern WORD_OR_NUMBER = Pattern.compile("\\{([A-Za-z])}");
  private static final String ROLES = "PQRS";
  private static final String THING_ROLES = "TUV";

  static Cast draw(Draws draws) {
    return new Cast(
        someOf(NAMES, ROLES.length(), draws), someOf(THINGS, THING_ROLES.length(), draws));
  }

  private static List<String> someOf(List<String> all, int count, Draws draws) {
    List<String> left = new ArrayList<>(all);
    return Stream.generate(() -> left.remove(draws.between(0, left.size() - 1)))
        .limit(count)
        .toList();
  }

  /// The template with its choices drawn, people, things and numbers filled in, and its steps
  /// written out.
  String write(String template, Numbers numbers, Draws draws) {
    String chosen =
        CHOICE.matcher(template).replaceAll(match -> draws.oneOf(choices(match.group(1))));
    String cast =
        WORD_OR_NUMBER
            .matcher(chosen)
            .replaceAll(match -> Matcher.quoteReplacement(word(match.group(1).charAt(0), numbers)));
    return Step.PATTERN.matcher(cast).replaceAll(match -> Step.of(match).written(numbers));
  }

  private static List<String> choices(String alternatives) {
    return List.of(alternatives.split("\\|", -1));
  }

  private String word(char letter, Numbers numbers) {
    if (ROLES.indexOf(letter) >= 0) {
      return people.get(ROLES.indexOf(letter));
    }
    if (THING_ROLES.indexOf(letter) >= 0) {
      return things.get(THING_ROLES.indexOf(letter));
    }
    return Integer.toString(numbers.get(letter));
  }
}
