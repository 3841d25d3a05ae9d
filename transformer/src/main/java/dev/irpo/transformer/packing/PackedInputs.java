package dev.irpo.transformer.packing;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.op.PackedAttention;
import dev.irpo.tensor.op.SegmentSum;
import dev.irpo.tensor.op.TokenLogProbs;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The inputs of a graph that computes a packed batch, and the log-probabilities it computes.
public final class PackedInputs {
  private final Budget budget;
  private final Tensor tokens;
  private final Tensor positions;
  private final Tensor segments;
  private final Tensor rows;
  private final Tensor targets;
  private final List<Tensor> sumItems = new ArrayList<>();
  private final int[] scratch;

  /// Declares the inputs in a graph.
  public PackedInputs(Graph graph, Budget budget) {
    this.budget = budget;
    tokens = integers(graph, "tokens", Shape.of(budget.tokens()));
    positions = integers(graph, "positions", Shape.of(budget.tokens()));
    Shape table = Shape.of(budget.segments(), AttentionKernels.SEGMENT_COLUMNS);
    segments = integers(graph, "segments", table);
    rows = integers(graph, "rows", Shape.of(budget.scoredPositions()));
    targets = integers(graph, "targets", Shape.of(budget.scoredPositions()));
    scratch = new int[budget.scoredPositions()];
  }

  private static Tensor integers(Graph graph, String name, Shape shape) {
    return graph.input(name, DType.INT32, shape);
  }

  /// The last hidden states (T, C).
  public Tensor hidden(Llama model) {
    return model.hidden(
        tokens.graph(),
        tokens,
        positions,
        budget.tokens(),
        (layer, q, k, v) -> attention(model.config(), layer).of(q, k, v, segments));
  }

  /// Packed attention in a layer of a model.
  public static PackedAttention attention(LlamaConfig config, int layer) {
    return new PackedAttention(
        config.numHeads(),
        config.numKvHeads(),
        config.headDim(),
        config.layers().window().of(layer));
  }

  /// The log-probability at each scored position (I), 0 at unused ones.
  public Tensor tokenLogProbs(Llama model) {
    return TokenLogProbs.tokenLogProbs(hidden(model), model.head(tokens.graph()), rows, targets);
  }

  /// For each item (S), the sum over its scored positions that belong to sum number `index`; call
  /// in ascending order.
  public Tensor sum(Tensor tokenLogProbs, int index) {
    Graph graph = tokens.graph();
    Tensor ids = integers(graph, "sum" + index + ".items", Shape.of(budget.scoredPositions()));
    sumItems.add(ids);
    return SegmentSum.segmentSum(tokenLogProbs, ids, budget.segments());
  }

  /// Copies a batch into a program of this graph.
  public void write(Program program, PackedBatch batch) {
    copy(batch.tokens, program, tokens);
    copy(batch.positions, program, positions);
    copy(batch.segments, program, segments);
    copy(batch.rows, program, rows);
    copy(batch.targets, program, targets);
    for (int sum = 0; sum < sumItems.size(); sum++) {
      copy(itemsOf(sum, batch), program, sumItems.get(sum));
    }
  }

  private int[] itemsOf(int sum, PackedBatch batch) {
    for (int i = 0; i < budget.scoredPositions(); i++) {
      scratch[i] = batch.sums[i] == sum ? batch.items[i] : -1;
    }
    return scratch;
  }

  private static void copy(int[] values, Program program, Tensor input) {
    MemorySegment target = program.buffer(input).segment();
    int count = Math.toIntExact(input.shape().numElements());
    MemorySegment.copy(values, 0, target, ValueLayout.JAVA_INT, 0, count);
  }
}
