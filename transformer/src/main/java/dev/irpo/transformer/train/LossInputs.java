package dev.irpo.transformer.train;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Function;

/// What a loss asks of the items of a micro-batch, each a vector (S) over its places.
///
/// @param <I> the kind of items
public final class LossInputs<I extends TrainItem> {
  private final Graph graph;
  private final Shape places;
  private final Function<LogProb<I>, Tensor> scores;
  private final SequencedMap<LogProb<I>, Tensor> logProbs = new LinkedHashMap<>();
  private final SequencedMap<ItemNumber<I>, Tensor> numbers = new LinkedHashMap<>();

  /// Inputs of a graph.
  ///
  /// @param places (S)
  /// @param scores adds the vector of a log-probability to the graph; asked once for each
  public LossInputs(Graph graph, Shape places, Function<LogProb<I>, Tensor> scores) {
    this.graph = graph;
    this.places = places;
    this.scores = scores;
  }

  /// A log-probability of each item, in nats.
  public Tensor logProb(LogProb<I> logProb) {
    return logProbs.computeIfAbsent(logProb, scores);
  }

  /// A number of each item.
  public Tensor number(ItemNumber<I> number) {
    return numbers.computeIfAbsent(
        number, asked -> graph.input("loss." + asked.name(), DType.F32, places));
  }

  /// The same number at every place.
  public Tensor constant(double value) {
    return graph.constant(places, value);
  }

  /// Log-probabilities that were asked for.
  public SequencedMap<LogProb<I>, Tensor> logProbs() {
    return logProbs;
  }

  /// Numbers that were asked for.
  public SequencedMap<ItemNumber<I>, Tensor> numbers() {
    return numbers;
  }
}
