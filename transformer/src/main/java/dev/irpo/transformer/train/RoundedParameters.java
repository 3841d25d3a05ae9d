package dev.irpo.transformer.train;

import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.parallel.TensorParallel;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.Function;

/// A model that every process has whole and rounded, in 16 bits or in single precision, with the
/// masters of what this process updates beside it.
final class RoundedParameters implements TrainedParameters {
  private final ResidentParameters rounded;
  private final Masters masters;
  private final ParameterGather gather;
  private final boolean isAlone;

  /// @param rounded numbers of the type, once a training has begun
  RoundedParameters(
      Backend backend,
      ResidentParameters rounded,
      ShardedLayout layout,
      Group group,
      TensorParallel parallel,
      DType type) {
    this.rounded = rounded;
    Rounding rounding = Rounding.to(type, rounded.type());
    masters = new Masters(layout, group, parallel, rounding, backend.allocate(layout.numOwned()));
    gather = new ParameterGather(group, type);
    isAlone = group.size() == 1 && parallel.ranks() == 1;
  }

  @Override
  public SequencedMap<String, Buffer> buffers() {
    return rounded.buffers();
  }

  @Override
  public long bytes() {
    return masters.values().numElements() * masters.values().dtype().bytes();
  }

  @Override
  public Map<String, DType> types() {
    return rounded.types();
  }

  @Override
  public Graph graph() {
    return rounded.graph();
  }

  @Override
  public Buffer owned(OwnedStretch stretch) {
    return stretch.of(masters.values(), stretch.offsetInMoments());
  }

  /// What is in memory in 16 bits, in one process.
  @Override
  public Optional<Buffer> rounded(OwnedStretch stretch) {
    Buffer read = rounded.owned(stretch);
    return isAlone && read.dtype() == DType.BF16 ? Optional.of(read) : Optional.empty();
  }

  @Override
  public Optional<Buffer> masters() {
    return Optional.of(masters.values());
  }

  @Override
  public void begin() {
    if (!masters.areSet()) {
      for (ResidentParameters.Stretch stretch : rounded.stretches()) {
        begin(rounded.own(stretch), rounded.own(stretch, masters.values()));
      }
      masters.values().markChanged();
      masters.begin();
    }
  }

  private static void begin(Buffer own, Buffer master) {
    if (own.dtype().isHalf()) {
      HalfPrecision.widen(own.dtype(), own.segment(), master.segment());
    } else {
      master.copyFrom(own);
    }
  }

  @Override
  public void resumed() {
    masters.resume();
  }

  @Override
  public void reset() {
    masters.forget();
  }

  @Override
  public void updated(OptionalDouble squaredNorm) {
    if (squaredNorm.isPresent()) {
      if (!Double.isFinite(squaredNorm.getAsDouble())) {
        masters.requireInRange(); // with a norm that single precision has, each is below its root
      }
      return;
    }
    masters.requireInRange();
    for (ResidentParameters.Stretch stretch : rounded.stretches()) {
      gather
          .start(
              rounded.own(stretch, masters.values()), rounded.values(stretch), stretch.partition())
          .await();
    }
    rounded.markChanged();
  }

  @Override
  public void idle(boolean backward, GradientSum gradients) {
    rounded.idle(backward, gradients);
  }

  @Override
  public void overwrite(Function<String, StoredTensor> stored) {
    rounded.overwrite(stored);
    masters.forget();
  }

  @Override
  public <E extends Exception> void show(Trainer.Reader<E> reader) throws E {
    rounded.show(reader);
  }
}
