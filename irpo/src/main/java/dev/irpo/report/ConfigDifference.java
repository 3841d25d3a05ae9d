package dev.irpo.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A key of the configuration that runs set differently.
///
/// @param values of each run, empty where its configuration lacks the key
record ConfigDifference(String key, List<String> values) {
  /// Those of some runs, in the order of the keys.
  static List<ConfigDifference> between(List<RunData> runs) {
    Set<String> keys = new LinkedHashSet<>();
    runs.forEach(run -> keys.addAll(run.config().keySet()));
    List<ConfigDifference> differences = new ArrayList<>();
    for (String key : keys) {
      List<String> values = runs.stream().map(run -> run.config().getOrDefault(key, "")).toList();
      if (new HashSet<>(values).size() > 1) {
        differences.add(new ConfigDifference(key, values));
      }
    }
    return differences;
  }
}
