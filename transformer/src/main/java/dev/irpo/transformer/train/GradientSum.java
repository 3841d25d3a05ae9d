package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Program;

/// Where the gradients of a step are summed over its items and over the processes.
sealed interface GradientSum permits ReducedGradient, OrderedGradient {
  /// What programs add to, in the layout of the trained parameters.
  Buffer gradient();

  /// The sum over all processes of what this one updates of a bucket; whole after [#complete()].
  Buffer owned(int bucket);

  /// After the micro-batches of a round; all processes take part.
  ///
  /// @param count processes that had one, the first so many
  void endRound(int count);

  /// After the last round of a step. All processes take part.
  void complete();

  /// The program that sets it to zero after a step.
  Program clearing();

  /// Sets it to zero.
  default void clear() {
    clearing().run();
  }
}
