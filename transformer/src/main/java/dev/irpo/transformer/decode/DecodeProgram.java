package dev.irpo.transformer.decode;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.TokenDraw;
import dev.irpo.tensor.op.BlockWeights;
import dev.irpo.tensor.op.CachedAttention;
import dev.irpo.tensor.op.DrawTokens;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.LogSumExp;
import dev.irpo.tensor.op.SelectRows;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import java.util.List;
import java.util.Map;

/// One compiled size of the decode program: R rows, logits for Q of them, I tokens drawn from
/// these. What the host reads of a run is the tokens and their log-probabilities.
final class DecodeProgram {
  private static final int COLUMNS = AttentionKernels.CACHE_COLUMNS;

  private final int numRows;
  private final int numLogits;
  private final int numDraws;
  private final Program program;
  private final Buffer tokens;
  private final Buffer positions;
  private final Buffer table;
  private final Buffer selected;
  private final Buffer inverseTemperature;
  private final Buffer draws;
  private final Node drawn;

  /// @param workspace memory that all sizes share, since one runs at a time
  DecodeProgram(
      Backend backend,
      Llama model,
      Map<String, Buffer> variables,
      DecodeLimits limits,
      Size size,
      Workspace workspace) {
    numRows = size.rows();
    numLogits = size.logits();
    numDraws = limits.draws();
    LlamaConfig config = model.config();
    Graph graph = new Graph();
    Shape rows = Shape.of(numRows);
    Tensor tokenInput = graph.input("tokens", DType.INT32, rows);
    Tensor positionInput = graph.input("positions", DType.INT32, rows);
    Tensor tableInput = graph.input("table", DType.INT32, Shape.of(numRows, COLUMNS));
    Tensor selectedInput = graph.input("selected", DType.INT32, Shape.of(numLogits));
    Shape cache = cacheShape(config, limits);
    DType type = cacheType(backend, model);
    Tensor hidden =
        model.hidden(
            graph,
            tokenInput,
            positionInput,
            limits.numPositions(),
            (layer, q, k, v) ->
                attention(config, layer)
                    .of(
                        graph.variable(keyCache(layer), type, cache),
                        graph.variable(valueCache(layer), type, cache),
                        q,
                        k,
                        v,
                        tableInput)); // (R, C)
    Tensor chosen = SelectRows.selectRows(hidden, selectedInput); // (Q, C)
    Tensor logitTensor = Linear.linear(chosen, model.head(graph)); // (Q, V)
    Tensor normaliser = LogSumExp.logSumExp(logitTensor); // (Q)
    Tensor factor = graph.input("inverseTemperature", DType.F32, Shape.of(1));
    Node blocks = BlockWeights.blockWeights(logitTensor, factor); // (Q, B) each
    Tensor drawInput = graph.input("draws", DType.INT32, Shape.of(numDraws, TokenDraw.COLUMNS));
    drawn = DrawTokens.drawTokens(logitTensor, normaliser, blocks, drawInput); // (I) each
    drawn.outputs().forEach(graph::output);
    program =
        backend.compile(graph, variables, CompileOptions.DEFAULT.in(workspace).roundingWeights());
    tokens = program.buffer(tokenInput);
    positions = program.buffer(positionInput);
    table = program.buffer(tableInput);
    selected = program.buffer(selectedInput);
    inverseTemperature = program.buffer(factor);
    draws = program.buffer(drawInput);
  }

  /// Rows and rows with logits.
  record Size(int rows, int logits) {
    boolean holds(Size other) {
      return other.rows <= rows && other.logits <= logits;
    }

    /// The size that no run exceeds: a token in each slot and rows of prompts, of which as many may
    /// be last rows as there are prompts in the cache.
    static Size largest(DecodeLimits limits) {
      int ends = Math.min(limits.promptsInFlight(), limits.prefillRows());
      return new Size(limits.slots() + limits.prefillRows(), limits.slots() + ends);
    }

    /// The only sizes where compiling is slow, ascending: a quarter of the slots, all of them, and
    /// all of them with rows of prompts.
    static List<Size> few(DecodeLimits limits) {
      int slots = limits.slots();
      int quarter = Math.max(1, slots / 4);
      return List.of(
          new Size(quarter, quarter),
          new Size(slots, slots),
          new Size(slots + limits.prefillRows(), slots + limits.prefillRows()));
    }

    /// The shape bucket that a run of this size takes: each number rounded up to 1, 2, 3, 4, 6, 8,
    /// 12, 16, … or to the number of slots, which most runs have.
    Size roundedUp(int slots) {
      return new Size(bucket(rows, slots), bucket(logits, slots));
    }

    private static int bucket(int count, int slots) {
      int power = Integer.highestOneBit(Math.max(1, count));
      int size = power >= count ? power : power / 2 * 3 >= count ? power / 2 * 3 : 2 * power;
      return count <= slots ? Math.min(size, slots) : size;
    }
  }

  private static CachedAttention attention(LlamaConfig config, int layer) {
    return new CachedAttention(
        config.numHeads(),
        config.numKvHeads(),
        config.headDim(),
        config.layers().window().of(layer));
  }

  /// Shape of the keys, and of the values, of each layer; a window does not make it smaller.
  static Shape cacheShape(LlamaConfig config, DecodeLimits limits) {
    return attention(config, 0).cacheShape(limits.totalBlocks());
  }

  /// Type of the keys and values: where the model rounds them, all are numbers of bfloat16, which
  /// some backends keep as such.
  static DType cacheType(Backend backend, Llama model) {
    boolean areHalf = model.activationType() == DType.BF16;
    return areHalf && backend.traits().keepsHalfCaches() ? DType.BF16 : DType.F32;
  }

  static String keyCache(int layer) {
    return "keyCache." + layer;
  }

  static String valueCache(int layer) {
    return "valueCache." + layer;
  }

  /// Runs the rows of a plan; rows, logits and draws beyond it are skipped or ignored.
  void run(RowPlan plan, SamplingSettings settings) {
    inverseTemperature.set(0, TokenDraw.inverseTemperature(settings.temperature()));
    for (int r = 0; r < numRows; r++) {
      boolean used = r < plan.numRows();
      tokens.setInt(r, used ? plan.token(r) : 0);
      positions.setInt(r, used ? plan.position(r) : 0);
      for (int c = 0; c < COLUMNS; c++) {
        table.setInt((long) r * COLUMNS + c, used ? plan.column(r, c) : -1);
      }
    }
    for (int i = 0; i < numLogits; i++) {
      selected.setInt(i, i < plan.numLogits() ? plan.logitRow(i) : 0);
    }
    for (int i = 0; i < numDraws; i++) {
      if (i < plan.numDraws()) {
        settings.draw(plan.drawLogits(i), plan.drawUniform(i)).writeTo(draws, i);
      } else {
        TokenDraw.writeNoneTo(draws, i);
      }
    }
    program.run();
  }

  Program program() {
    return program;
  }

  /// What the last run drew; a run of another size overwrites it.
  DrawnTokens drawn() {
    return new DrawnTokens(program.buffer(drawn.output(0)), program.buffer(drawn.output(1)));
  }
}
