package dev.irpo.experiment;

import dev.irpo.run.Evaluation;
import java.util.OptionalDouble;

/// What an evaluation measures, in percent.
enum Measure {
  /// Accuracy of the greedy response.
  GREEDY {
    @Override
    OptionalDouble of(Evaluation evaluation) {
      return OptionalDouble.of(100 * evaluation.greedy().share());
    }
  },
  /// Accuracy of the answer that most samples give.
  MAJORITY {
    @Override
    OptionalDouble of(Evaluation evaluation) {
      return evaluation.majority() == null
          ? OptionalDouble.empty()
          : OptionalDouble.of(100 * evaluation.majority().share());
    }
  };

  /// Empty where it was not measured.
  abstract OptionalDouble of(Evaluation evaluation);
}
