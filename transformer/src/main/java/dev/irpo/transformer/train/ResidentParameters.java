package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.Function;

/// A model, or a slice of one, that every process of a group has: programs read it, and updates
/// write into it, where it is.
final class ResidentParameters implements TrainedParameters {
  private final Parameters parameters;
  private final ShardedLayout layout;
  private final ParameterLayout trained;
  private final Group group;
  private final List<Stretch> stretches = new ArrayList<>();

  /// Elements of a bucket that follow each other in the layout of all parameters too.
  ///
  /// @param begin of the first of them in the bucket
  /// @param offset of the same in the layout of all parameters
  /// @param partition what each process updates of them
  record Stretch(int bucket, long begin, long offset, Partition partition) {}

  ResidentParameters(Parameters parameters, ShardedLayout layout, Group group) {
    this.parameters = parameters;
    this.layout = layout;
    this.group = group;
    trained = layout.trained();
    List<ParameterLayout.Stretch> wholes = trained.stretchesOf(parameters.layout());
    for (int bucket = 0; bucket < layout.buckets().size(); bucket++) {
      ShardedLayout.Range range = layout.buckets().get(bucket);
      for (ParameterLayout.Stretch whole : wholes) {
        long begin = Math.max(range.begin(), whole.offset());
        long end = Math.min(range.end(), whole.offset() + whole.numElements());
        if (begin < end) {
          Partition partition = layout.partition(bucket);
          stretches.add(
              new Stretch(
                  bucket,
                  begin - range.begin(),
                  whole.offsetInWhole() + begin - whole.offset(),
                  partition.slice(begin - range.begin(), end - range.begin())));
        }
      }
    }
  }

  @Override
  public SequencedMap<String, Buffer> buffers() {
    return parameters.buffers();
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public Map<String, DType> types() {
    return parameters.narrowTypes();
  }

  @Override
  public Graph graph() {
    return new Graph();
  }

  @Override
  public Buffer owned(OwnedStretch stretch) {
    return stretch.of(parameters.flat(), stretch.offsetInWhole());
  }

  /// Gives every process the parameters that the others updated.
  @Override
  public void updated(OptionalDouble squaredNorm) {
    if (group.size() == 1) {
      return;
    }
    for (Stretch stretch : stretches) {
      group.allGather(values(stretch).segment(), Element.F32, stretch.partition);
    }
    markChanged();
  }

  /// The type of what is trained, as programs read it.
  DType type() {
    return parameters.type();
  }

  /// What is trained.
  List<Stretch> stretches() {
    return stretches;
  }

  /// The elements of a stretch.
  Buffer values(Stretch stretch) {
    return parameters.flat().slice(stretch.offset, stretch.partition.total());
  }

  /// Those of them that this process updates.
  Buffer own(Stretch stretch) {
    Partition partition = stretch.partition;
    return values(stretch).slice(partition.start(group.rank()), partition.length(group.rank()));
  }

  /// The same elements in a buffer that has all that this process updates end to end.
  Buffer own(Stretch stretch, Buffer all) {
    long begin = stretch.begin + stretch.partition.start(group.rank());
    long ownBegin = layout.partition(stretch.bucket).start(group.rank());
    long length = stretch.partition.length(group.rank());
    return layout.ownedOf(all, stretch.bucket).slice(length == 0 ? 0 : begin - ownBegin, length);
  }

  /// Announces that parameters were written into.
  void markChanged() {
    parameters.markChanged();
  }

  @Override
  public Optional<Buffer> masters() {
    return Optional.empty();
  }

  @Override
  public void begin() {
    // what programs read is what is updated
  }

  @Override
  public void resumed() {
    // what programs read is what is updated
  }

  @Override
  public void reset() {
    // what programs read is what is updated
  }

  @Override
  public void idle(boolean backward, GradientSum gradients) {
    // nothing is told during programs
  }

  @Override
  public void overwrite(Function<String, StoredTensor> stored) {
    for (ParameterLayout.Slice slice : trained.slices()) {
      StoredTensor own = parameters.slice(stored.apply(slice.name()));
      Parameters.copy(own, 0, parameters.buffers().get(slice.name()));
    }
    parameters.markChanged();
  }

  @Override
  public <E extends Exception> void show(Trainer.Reader<E> reader) throws E {
    if (group.isFirst()) {
      List<StoredTensor> shown = new ArrayList<>();
      for (ParameterLayout.Slice slice : trained.slices()) {
        Buffer values = parameters.buffers().get(slice.name());
        TensorContent single =
            values.dtype().isHalf() ? new WidenedContent(values) : TensorContent.of(values);
        shown.add(new StoredTensor(slice.name(), DType.F32, slice.shape(), single));
      }
      reader.read(shown);
    }
  }
}
