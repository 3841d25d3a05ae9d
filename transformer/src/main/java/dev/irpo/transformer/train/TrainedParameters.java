package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.stored.StoredTensor;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.Function;

/// The parameters of a model that is trained, as one of the processes has them.
sealed interface TrainedParameters
    permits ResidentParameters, RoundedParameters, GatheredParameters {
  /// What programs read, by name; also those that are not trained.
  SequencedMap<String, Buffer> buffers();

  /// Bytes that it takes beside the model that it begins with.
  long bytes();

  /// Types of those that are not in single precision, by name.
  Map<String, DType> types();

  /// A graph for a program that reads them.
  Graph graph();

  /// What this process updates of a stretch.
  Buffer owned(OwnedStretch stretch);

  /// What programs read of a stretch where its update rounds it too, from what is [#owned]; nothing
  /// where that is what they read, or where processes tell each other what they updated.
  default Optional<Buffer> rounded(OwnedStretch stretch) {
    return Optional.empty();
  }

  /// Single-precision numbers of what this process updates, in the order of its moments, where
  /// programs read rounded ones; a checkpoint must have them then.
  Optional<Buffer> masters();

  /// Before programs run: a training that has not begun does so with what they read. All processes
  /// take part.
  ///
  /// @throws IllegalArgumentException in all processes if parameters are to be rounded and begin
  ///   with other numbers
  void begin();

  /// After a training's state was read.
  void resumed();

  /// Another training begins later, with what programs read then.
  void reset();

  /// After all processes have updated what they own. All of them take part.
  ///
  /// @param squaredNorm of the masters, if their update [#rounded] them
  /// @throws IllegalArgumentException in all processes if a rounded number is infinite; the
  ///   training can't continue then
  void updated(OptionalDouble squaredNorm);

  /// In place of a program that others run in a round and this process does not: it takes part in
  /// what they tell each other.
  ///
  /// @param backward whether the program has a backward pass
  /// @param gradients whose buckets leave during that
  void idle(boolean backward, GradientSum gradients);

  /// Overwrites the trained parameters.
  ///
  /// @param stored the tensor of a name, of the whole model
  void overwrite(Function<String, StoredTensor> stored);

  /// Lets the first process read the trained parameters as a backend has them. All processes take
  /// part.
  ///
  /// @param reader what the first process does
  /// @throws E if that fails
  <E extends Exception> void show(Trainer.Reader<E> reader) throws E;
}
