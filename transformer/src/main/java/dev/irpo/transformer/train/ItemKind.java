package dev.irpo.transformer.train;

import java.util.List;
import java.util.function.Function;

/// One of the kinds of [TrainItem], and what can be asked of its items.
///
/// @param <I> the items
public final class ItemKind<I extends TrainItem> {
  private final List<LogProb<I>> logProbs;
  private final Function<TrainItem.Pair, List<I>> ofPair;

  /// @param logProbs the prompt's first, then responses in the order in which they are packed
  ItemKind(List<LogProb<I>> logProbs, Function<TrainItem.Pair, List<I>> ofPair) {
    this.logProbs = List.copyOf(logProbs);
    this.ofPair = ofPair;
  }

  /// All log-probabilities that items of this kind have.
  public List<LogProb<I>> logProbs() {
    return logProbs;
  }

  /// The items of this kind that a pair holds.
  public List<I> of(TrainItem.Pair pair) {
    return ofPair.apply(pair);
  }
}
