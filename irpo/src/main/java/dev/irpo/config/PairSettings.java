package dev.irpo.config;

import dev.irpo.setting.Described;
import dev.irpo.setting.Setting;

/// The building of preference pairs from graded rollouts.
public record PairSettings(
    @Setting(value = "rollouts", doc = "what is trained on") Source source,
    @Setting(value = "10", range = "[1, 100000]", doc = "K, pairs per prompt") int perPrompt,
    @Setting(
            value = "true",
            doc = "whether the gold solution, where the task has one, is a winner too")
        boolean goldAmongWinners,
    @Setting(value = "1", range = "(0, 1]", doc = "least reward of a winner, losers have less")
        double winnerReward,
    @Setting(value = "false", doc = "whether a response counts once however often it was sampled")
        boolean removeDuplicates,
    @Setting(
            value = "0",
            range = "[0, 16777216]",
            doc =
                "longest prompt with response, in tokens; longer pairs are dropped; 0: the context")
        int maxTokens,
    @Setting(
            value = "0",
            range = "[0, 1000000000]",
            doc = "most pairs of an iteration, drawn at random where there are more; 0: all")
        int atMost,
    @Setting(
            value = "false",
            doc =
                "whether the reference scores sampled responses itself, for rollouts of another"
                    + " model; else they have the log-probabilities that were recorded with them")
        boolean scoreSamples) {
  /// What there is to train on.
  public enum Source implements Described {
    /// The paper's.
    ROLLOUTS("pairs of winners and losers among sampled responses"),
    /// Supervised training alone.
    GOLD("gold solutions without rejected responses, nothing is sampled; loss.kind=sft only");

    private final String description;

    Source(String description) {
      this.description = description;
    }

    @Override
    public String description() {
      return description;
    }
  }

  /// Whether a response of this reward is a winner, else it is a loser.
  public boolean isWinner(float reward) {
    return reward >= (float) winnerReward;
  }
}
