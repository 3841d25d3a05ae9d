package dev.irpo.transformer.train;

import dev.irpo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// A loss over items, written once as a graph.
///
/// Sums and inputs are vectors with an element for each place of the micro-batch. Places without an
/// item have zeros in all of them, so every term must be multiplied by an input (a weight) that is
/// zero there.
public interface Loss {
  /// Names of the sums of log-probabilities; sum number k of a
  /// [dev.irpo.transformer.packing.SharedPrompt] is the k-th.
  List<String> sums();

  /// Names of the numbers that come with each item, for instance `weight` or `referenceLogProb`.
  List<String> inputs();

  /// Builds the formula.
  ///
  /// @param sums by name, each (S) over the places of a micro-batch
  /// @param inputs by name, each (S)
  Terms terms(Map<String, Tensor> sums, Map<String, Tensor> inputs);

  /// What a loss computes.
  ///
  /// @param loss scalar, the sum over items
  /// @param metrics by name, each (S)
  record Terms(Tensor loss, SequencedMap<String, Tensor> metrics) {}
}
