package dev.irpo.checkpoints.model;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import org.apache.commons.text.similarity.LevenshteinDistance;

/// Finds what somebody probably meant: the name with the fewest letters changed, added or removed.
public final class NearestName {
  private NearestName() {}

  /// The closest of the names (Levenshtein distance, the first of equals); empty if there is none.
  public static Optional<String> of(String wanted, Collection<String> names) {
    LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
    return names.stream().min(Comparator.comparingInt(name -> distance.apply(wanted, name)));
  }
}
