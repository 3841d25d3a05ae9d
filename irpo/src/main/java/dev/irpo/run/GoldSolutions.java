package dev.irpo.run;

import dev.irpo.model.LanguageModel;
import dev.irpo.pair.Candidate;
import dev.irpo.pair.PreferencePair;
import dev.irpo.pair.ReferenceScorer;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.score.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Known solutions as candidates for pairs, scored under the reference if the loss reads it.
final class GoldSolutions {
  private GoldSolutions() {}

  /// Those of a split by index of the problem, as far as the task has them.
  ///
  /// @param listener watches the scorer
  static Map<Integer, Candidate> of(
      Session session, Split split, ReferenceScorer.Listener listener) {
    LanguageModel reference = session.model();
    List<Problem> problems = session.problems(split);
    Map<Integer, Candidate> gold = new LinkedHashMap<>();
    List<Integer> indices = new ArrayList<>();
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < problems.size(); i++) {
      Optional<int[]> response = session.prompts().gold(problems.get(i));
      if (response.isPresent()) {
        int[] prompt = session.prompts().ids(problems.get(i));
        int[] ids = response.get();
        if (prompt.length + ids.length <= reference.config().maxPositions()) {
          indices.add(i);
          sequences.add(new Sequence(prompt, ids));
        } else {
          gold.put(i, new Candidate(PreferencePair.GOLD, ids, Float.NaN)); // dropped as too long
        }
      }
    }
    boolean isScored = session.needsReference();
    List<Float> logProbs = List.of();
    try {
      logProbs = isScored ? session.reference(listener).logProbs(sequences) : logProbs;
    } catch (NotFiniteException e) {
      throw e.in("problem " + problems.get(indices.get((int) e.item())).id());
    }
    for (int k = 0; k < indices.size(); k++) {
      float logProb = isScored ? logProbs.get(k) : Float.NaN;
      int[] ids = sequences.get(k).response();
      gold.put(indices.get(k), new Candidate(PreferencePair.GOLD, ids, logProb));
    }
    return gold;
  }
}
