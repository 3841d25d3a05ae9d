package dev.irpo.pair;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Makes preference pairs of one prompt's winners and losers (arXiv:2404.19733, section 2).
///
/// Winners and losers are walked together, each from its start again at its end, until there are K
/// pairs:
///
/// ```text
/// pair i = (winners[i mod W], losers[i mod L])      i = 0 … K−1
/// ```
///
/// @param pairsPerPrompt K
/// @param maxTokens longest prompt with one response, in tokens
/// @param removeDuplicates whether equal responses count once
public record PairBuilder(int pairsPerPrompt, int maxTokens, boolean removeDuplicates) {
  /// What a prompt gave: pairs, or the reason why there are none.
  public sealed interface Outcome {
    /// At least one pair.
    record Pairs(List<PreferencePair> pairs) implements Outcome {}

    /// No pair.
    record Dropped(String problemId, DropReason reason) implements Outcome {}
  }

  /// Pairs of one prompt.
  ///
  /// @param winners in the order in which they are walked; every one has a greater reward than any
  ///   loser
  /// @param losers in the order in which they are walked
  public Outcome build(
      String problemId, int[] promptIds, List<Candidate> winners, List<Candidate> losers) {
    if (losers.isEmpty()) {
      return new Outcome.Dropped(problemId, DropReason.NO_LOSER);
    }
    if (winners.isEmpty()) {
      return new Outcome.Dropped(problemId, DropReason.NO_WINNER);
    }
    List<Candidate> chosen = usable(winners, promptIds.length);
    List<Candidate> rejected = usable(losers, promptIds.length);
    if (chosen.isEmpty() || rejected.isEmpty()) {
      return new Outcome.Dropped(problemId, DropReason.TOO_LONG);
    }
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < pairsPerPrompt; i++) {
      Candidate winner = chosen.get(i % chosen.size());
      Candidate loser = rejected.get(i % rejected.size());
      pairs.add(
          new PreferencePair(
              problemId,
              winner.sample(),
              loser.sample(),
              promptIds,
              winner.ids(),
              loser.ids(),
              winner.referenceLogProb(),
              loser.referenceLogProb()));
    }
    return new Outcome.Pairs(pairs);
  }

  /// A gold solution without anything rejected.
  public Outcome ofGold(String problemId, int[] promptIds, Candidate gold) {
    if (promptIds.length + gold.ids().length > maxTokens) {
      return new Outcome.Dropped(problemId, DropReason.TOO_LONG);
    }
    return new Outcome.Pairs(
        List.of(
            new PreferencePair(
                problemId,
                gold.sample(),
                PreferencePair.NONE,
                promptIds,
                gold.ids(),
                new int[0],
                gold.referenceLogProb(),
                Float.NaN)));
  }

  private List<Candidate> usable(List<Candidate> candidates, int promptTokens) {
    Map<Object, Candidate> kept = new LinkedHashMap<>();
    for (Candidate candidate : candidates) {
      if (promptTokens + candidate.ids().length <= maxTokens) {
        Object key = removeDuplicates ? Arrays.toString(candidate.ids()) : kept.size();
        kept.putIfAbsent(key, candidate);
      }
    }
    return List.copyOf(kept.values());
  }
}
