package dev.irpo.transformer.train;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.transformer.packing.SharedPrompt;
import java.util.ArrayList;
import java.util.List;

/// What a loss asks of its items, found out by building it once for one place.
///
/// @param logProbs in the order of their kind
/// @param <I> the kind of items
public record LossReads<I extends TrainItem>(
    List<LogProb<I>> logProbs, List<ItemNumber<I>> numbers) {
  /// What a loss reads.
  public static <I extends TrainItem> LossReads<I> of(Loss<I> loss) {
    Graph graph = new Graph();
    Shape one = Shape.of(1);
    LossInputs<I> inputs =
        new LossInputs<>(graph, one, logProb -> graph.input(logProb.name(), DType.F32, one));
    loss.terms(inputs);
    return new LossReads<>(
        loss.kind().logProbs().stream().filter(inputs.logProbs()::containsKey).toList(),
        List.copyOf(inputs.numbers().keySet()));
  }

  /// Numbers of the frozen reference model among it.
  public List<ItemNumber<I>> references() {
    return numbers.stream().filter(number -> number.underReference().isPresent()).toList();
  }

  /// Responses of an item that are computed.
  public int responses() {
    return (int) logProbs.stream().filter(logProb -> !logProb.isOfPrompt()).count();
  }

  /// Tokens that an item takes in a micro-batch: its prompt once, and the responses that are read.
  public int packedTokens(I item) {
    return item.prompt().length
        + logProbs.stream()
            .filter(logProb -> !logProb.isOfPrompt())
            .mapToInt(logProb -> logProb.tokens(item).length)
            .sum();
  }

  /// An item with what is read of it; sums are numbered as in [#logProbs()].
  SharedPrompt packed(I item) {
    int promptSum = SharedPrompt.NOT_SCORED;
    List<SharedPrompt.Response> responses = new ArrayList<>();
    for (int sum = 0; sum < logProbs.size(); sum++) {
      LogProb<I> logProb = logProbs.get(sum);
      if (logProb.isOfPrompt()) {
        promptSum = sum;
      } else {
        responses.add(new SharedPrompt.Response(logProb.tokens(item), sum));
      }
    }
    return new SharedPrompt(item.prompt(), promptSum, responses);
  }
}
