package dev.irpo.run;

import dev.irpo.config.PairSettings;
import dev.irpo.rollout.Rollout;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Which share of the responses that this process has sampled are winners.
final class RightShare {
  private final PairSettings settings;
  private long right;
  private long all;

  RightShare(PairSettings settings) {
    this.settings = settings;
  }

  void add(List<Rollout> responses) {
    right += responses.stream().filter(response -> settings.isWinner(response.reward())).count();
    all += responses.size();
  }

  /// For people; nothing as long as no problem has all its responses.
  String text() {
    return all == 0
        ? ""
        : String.format(Locale.ROOT, "right %.1f %% of %d", 100.0 * right / all, all);
  }

  Map<String, Number> metrics() {
    return all == 0 ? Map.of() : Map.of("right", (double) right / all);
  }
}
