package dev.irpo.experiment;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A model of a recipe: `irpo@2` is M_2 of the recipe `irpo`.
///
/// @param recipe name of the recipe
/// @param iteration t of M_t
record ModelRef(String recipe, int iteration) {
  static final String PATTERN = "([a-z0-9-]+)@([0-9]{1,2})";
  private static final Pattern FORM = Pattern.compile(PATTERN);

  /// Reads one.
  ///
  /// @throws IllegalArgumentException if the text is of another form
  static ModelRef parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "'%s' names no model; write RECIPE@ITERATION, for instance irpo@1".formatted(text));
    }
    return new ModelRef(form.group(1), Integer.parseInt(form.group(2)));
  }

  @Override
  public String toString() {
    return recipe + "@" + iteration;
  }
}
