package dev.irpo.train;

import dev.irpo.checkpoints.arrow.OptimizerShards;
import dev.irpo.checkpoints.arrow.ShardLayout;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.TensorContent;
import dev.irpo.transformer.parallel.ShownSlices;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.train.Optimizer;
import dev.irpo.transformer.train.ShardedLayout;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;

/// What a process has of the optimizer's state, as a checkpoint's shards have it: without the
/// padding between parameters, and in the order of the whole model's.
///
/// @param layout of all trained parameters
record OptimizerState(Trainer<?> trainer, ShardLayout layout) {
  private TensorParallel parallel() {
    return trainer.parameters().parallel();
  }

  /// The buffers: both moments, and masters if there are any.
  private List<Buffer> columns() {
    Optimizer optimizer = trainer.optimizer();
    List<Buffer> columns =
        new ArrayList<>(List.of(optimizer.firstMoment(), optimizer.secondMoment()));
    optimizer.masters().ifPresent(columns::add);
    return columns;
  }

  private List<ShardedLayout.Owned> owned() {
    return trainer.optimizer().layout().ownedSlices();
  }

  private ShownSlices.Sliced sliced(ShardedLayout.Owned owned, TensorContent values) {
    SequencedMap<String, Shape> wholes = trainer.parameters().whole().parameterShapes();
    return new ShownSlices.Sliced(
        wholes.get(owned.slice().name()), owned.slice().shape(), owned.begin(), values);
  }

  private static Buffer values(ShardedLayout.Owned owned, Buffer column) {
    return column.slice(owned.offset(), owned.length());
  }

  /// Reads it.
  ///
  /// @param <E> what it fails with
  @FunctionalInterface
  interface Reader<E extends Exception> {
    /// Reads it, in ascending order.
    void read(List<OptimizerShards.Stored> state) throws E;
  }

  /// Lets the first process that holds the model read what they have of it together. All of them
  /// take part.
  <E extends Exception> void show(Reader<E> reader) throws E {
    List<Buffer> columns = columns();
    List<ShownSlices.Sliced> slices =
        owned().stream()
            .flatMap(owned ->
                columns.stream()
                    .map(column -> sliced(owned, TensorContent.of(values(owned, column)))))
            .toList();
    ShownSlices.show(
        parallel(),
        slices,
        stretches -> {
          List<OptimizerShards.Stored> state = new ArrayList<>();
          for (int i = 0; i < owned().size(); i++) {
            long begin = layout.begin(owned().get(i).slice().name());
            int first = i * columns.size();
            state.addAll(stored(begin, stretches.subList(first, first + columns.size())));
          }
          reader.read(state);
        });
  }

  /// Of one parameter.
  ///
  /// @param begin of its first element
  /// @param columns the same stretches of each
  private static List<OptimizerShards.Stored> stored(
      long begin, List<List<ShownSlices.Stretch>> columns) {
    List<OptimizerShards.Stored> stored = new ArrayList<>();
    for (int i = 0; i < columns.getFirst().size(); i++) {
      int stretch = i;
      stored.add(
          new OptimizerShards.Stored(
              begin + columns.getFirst().get(i).begin(),
              columns.stream().map(column -> column.get(stretch).content()).toList()));
    }
    return stored;
  }

  /// Its memory, to be written into.
  List<OptimizerShards.Piece> pieces() {
    List<OptimizerShards.Piece> pieces = new ArrayList<>();
    for (ShardedLayout.Owned owned : owned()) {
      long begin = layout.begin(owned.slice().name());
      List<List<ShownSlices.Place>> columns =
          columns().stream()
              .map(column -> TensorContent.of(values(owned, column).segment()))
              .map(memory -> sliced(owned, memory).places(parallel().rank()))
              .toList();
      for (int i = 0; i < columns.getFirst().size(); i++) {
        pieces.add(piece(begin, columns, i));
      }
    }
    return pieces;
  }

  private static OptimizerShards.Piece piece(
      long begin, List<List<ShownSlices.Place>> columns, int place) {
    return new OptimizerShards.Piece(
        begin + columns.getFirst().get(place).begin(),
        columns.get(0).get(place).values(),
        columns.get(1).get(place).values(),
        columns.stream().skip(2).findFirst().map(masters -> masters.get(place).values()));
  }
}
