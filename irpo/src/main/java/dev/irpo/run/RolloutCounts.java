package dev.irpo.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// What an iteration's rollouts came to.
///
/// @param rollouts responses sampled
/// @param correct of them winners
/// @param pairs to train on
/// @param notDrawn pairs that were built but not drawn (`pairs.atMost`)
/// @param dropped prompts without a pair, by reason
public record RolloutCounts(
    int rollouts,
    int correct,
    int pairs,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) int notDrawn,
    SortedMap<String, Integer> dropped) {
  /// Keeps a copy of the map.
  public RolloutCounts {
    dropped = new TreeMap<>(dropped);
  }

  /// All prompts without a pair.
  int droppedPrompts() {
    return dropped.values().stream().mapToInt(Integer::intValue).sum();
  }

  /// As a table shows it: `no-loser 12, too-long 1`.
  public String droppedText() {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Integer> entry : dropped.entrySet()) {
      text.append(text.isEmpty() ? "" : ", ").append(entry.getKey()).append(' ');
      text.append(entry.getValue());
    }
    return text.isEmpty() ? "none" : text.toString();
  }
}
