package dev.irpo.experiment;

import dev.irpo.evaluate.Accuracy;
import dev.irpo.run.MeasuredLogProbs.AtStep;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/// What is measured of M_t.
enum Measure {
  /// Accuracy of the greedy response, percent.
  GREEDY {
    @Override
    OptionalDouble of(Outcome outcome, int iteration) {
      return percent(outcome.evaluations().get(iteration).greedy());
    }
  },
  /// Accuracy of the answer that most samples give, percent.
  MAJORITY {
    @Override
    OptionalDouble of(Outcome outcome, int iteration) {
      return percent(outcome.evaluations().get(iteration).majority());
    }
  },
  /// Log-probability of chosen responses, in nats.
  CHOSEN {
    @Override
    OptionalDouble of(Outcome outcome, int iteration) {
      return logProb(outcome, iteration, AtStep::chosen);
    }
  },
  /// Log-probability of rejected responses, in nats.
  REJECTED {
    @Override
    OptionalDouble of(Outcome outcome, int iteration) {
      return logProb(outcome, iteration, AtStep::rejected);
    }
  };

  /// All of them, as a pattern matches them.
  static final String PATTERN = "greedy|majority|chosen|rejected";

  static Measure of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  /// Empty where it was not measured.
  ///
  /// @param iteration t; log-probabilities are those at the end of its training, for M_0 at the
  ///   beginning of the first
  abstract OptionalDouble of(Outcome outcome, int iteration);

  private static OptionalDouble percent(Accuracy accuracy) {
    return accuracy == null ? OptionalDouble.empty() : OptionalDouble.of(100 * accuracy.share());
  }

  private static OptionalDouble logProb(
      Outcome outcome, int iteration, ToDoubleFunction<AtStep> which) {
    if (outcome.logProbs().isEmpty()) {
      return OptionalDouble.empty();
    }
    List<AtStep> steps = outcome.logProbs().get(Math.max(0, iteration - 1)).steps();
    return OptionalDouble.of(
        which.applyAsDouble(iteration == 0 ? steps.getFirst() : steps.getLast()));
  }
}
