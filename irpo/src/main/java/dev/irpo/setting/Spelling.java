package dev.irpo.setting;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.text.similarity.JaroWinklerDistance;

/// What somebody probably meant by a word that nothing has as its name: an option, a command, a key
/// or a value.
public final class Spelling {
  private static final JaroWinklerDistance DISTANCE = new JaroWinklerDistance();

  private Spelling() {}

  /// The nearest of the names, the first of equals; empty if there is none.
  ///
  /// The distance is Jaro's with Winkler's prefix, whatever the case: names are long and share
  /// their ends, and what is typed often lacks an end, so a common beginning counts more.
  public static Optional<String> nearest(String word, Collection<String> names) {
    String lower = word.toLowerCase(Locale.ROOT);
    return names.stream()
        .min(
            Comparator.comparingDouble(
                name -> DISTANCE.apply(lower, name.toLowerCase(Locale.ROOT))));
  }
}
