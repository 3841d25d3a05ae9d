package dev.irpo.transformer.train;

import dev.irpo.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// A loss over items of one kind, written once as a graph.
///
/// ```text
/// L = Σ_i terms(item i).itemLoss / divisor(all items of the step)
/// ```
///
/// @param <I> the kind of items
public interface Loss<I extends TrainItem> {
  /// What it is a loss of.
  ItemKind<I> kind();

  /// Builds the formula from what it asks of the items. Places of a micro-batch without an item
  /// have zeros in all of it; what the formula makes of them must be finite and is not counted.
  Terms terms(LossInputs<I> items);

  /// What the sum over the items of a step is divided by.
  default double divisor(List<I> items) {
    return items.size();
  }

  /// What every item's loss, or a term of it, is as long as the policy is the reference; nothing
  /// where that depends on the item.
  default Optional<Identity> atReference() {
    return Optional.empty();
  }

  /// A value that a metric has.
  ///
  /// @param metric name of a [Metric.Mean]
  /// @param formula of the value, for messages
  record Identity(String metric, double value, String formula) {}

  /// What a loss computes.
  ///
  /// @param itemLoss (S) over the places of a micro-batch
  /// @param metrics what files report of a step, by name in their order; one called `loss` replaces
  ///   the weighted sum there
  record Terms(Tensor itemLoss, SequencedMap<String, Metric> metrics) {
    /// No metric but the loss.
    public Terms(Tensor itemLoss) {
      this(itemLoss, new LinkedHashMap<>());
    }

    /// The same with one more metric.
    public Terms with(String name, Metric metric) {
      SequencedMap<String, Metric> more = new LinkedHashMap<>(metrics);
      more.put(name, metric);
      return new Terms(itemLoss, more);
    }

    /// The same with the mean of a tensor (S) over items.
    public Terms with(String name, Tensor values) {
      return with(name, new Metric.Mean(values));
    }
  }
}
