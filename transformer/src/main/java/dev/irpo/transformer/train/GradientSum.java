package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Tensor;
import java.util.SequencedMap;

/// Where the gradients of a step are summed over its items and over the processes.
///
/// A step has rounds; in each, every process computes one micro-batch, several or none.
sealed interface GradientSum permits ReducedGradient, StreamedGradient {
  /// What programs add to, by `gradient/NAME` of the trained parameters.
  SequencedMap<String, Buffer> gradients();

  /// Appends what has to happen where the backward pass leaves a section of the model: the
  /// gradients of its parameters are complete then.
  void appendAfter(String section, Tensor loss);

  /// Where the backward pass has left a section of the model that has trained parameters; also in a
  /// process that computes nothing in this round.
  void endSection(String section);

  /// The sum over all processes of what this one updates of a bucket; whole after [#complete()].
  Buffer owned(int bucket);

  /// After the micro-batches of a round; all processes take part.
  void endRound();

  /// After the last round of a step. All processes take part.
  void complete();

  /// The program that sets it to zero after a step.
  Program clearing();

  /// Sets it to zero.
  default void clear() {
    clearing().run();
  }
}
