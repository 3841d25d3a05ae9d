package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.model.Roofline;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.Trainer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What an iteration of a run takes, from the graphs that it would compile and the buffers that it
/// would allocate; nothing is allocated.
///
/// @param bytes of one process by purpose, all of them at the same time
/// @param smallerBatchBytes further bytes at most, once micro-batches of every size were seen
/// @param micro forward and backward pass of a full micro-batch
/// @param update an optimizer step, one graph
/// @param decode one more token in each slot
/// @param microTokens rows of a full micro-batch
/// @param slots responses that get a token in a decode step
public record WorkPlan(
    SequencedMap<String, Long> bytes,
    long smallerBatchBytes,
    Graph micro,
    Graph update,
    Graph decode,
    int microTokens,
    int slots) {
  private static final String PACKED = "packed copies of weights";
  private static final int PANEL = 32;
  private static final long FLOAT = Float.BYTES;

  /// Plans a run.
  ///
  /// @param promptTokens of the longest prompt
  /// @param processes that share gradients and optimizer state by equal ranges of elements
  public static WorkPlan of(LlamaConfig model, RunConfig config, int promptTokens, int processes) {
    SequencedMap<String, Long> bytes = new LinkedHashMap<>();
    long elements = ParameterLayout.of(model.parameterShapes()).numElements();
    long shard = (elements + processes - 1) / processes;
    bytes.put("weights", FLOAT * elements);
    bytes.put(PACKED, packedCopies(model));
    bytes.put("gradients", FLOAT * shard);
    bytes.put("optimizer", 2 * FLOAT * shard);
    Outlined<Trainer> training =
        outlined(
            model,
            (outline, parameters) ->
                PreferenceTraining.trainer(config, outline, parameters, promptTokens));
    Trainer trainer = training.part();
    bytes.put("activations", trainer.activationBytes());
    List<Graph> graphs = training.outline().graphs();
    long others = trainer.programBytes() - trainer.activationBytes();

    Outlined<Generator> sampling = largestCache(model, config, promptTokens);
    bytes.put("sampling", sampling.part().activationBytes());
    bytes.put("key-value cache", sampling.allocated());
    Outlined<Scorer> scoring =
        outlined(
            model,
            (outline, parameters) ->
                new Scorer(outline, parameters, scoringRows(model, config, promptTokens)));
    bytes.put("scoring", scoring.part().activationBytes());
    return new WorkPlan(
        bytes,
        others,
        graphs.get(1),
        graphs.get(0),
        sampling.outline().graphs().getFirst(),
        trainer.tokenBudget(),
        config.rollouts().slots());
  }

  /// Of a micro-batch that holds the longest prompt with a response as long as a sampled one.
  private static int scoringRows(LlamaConfig model, RunConfig config, int promptTokens) {
    long longest = (long) promptTokens + config.rollouts().maxNewTokens();
    int rows = (int) Math.min(longest, model.maxPositions());
    return Math.max(config.train().tokenBudget(), rows);
  }

  /// A part of the program on a backend that takes no memory.
  private record Outlined<T>(T part, OutlineBackend outline, long allocated) {}

  private interface Maker<T> {
    T make(OutlineBackend outline, Parameters parameters);
  }

  private static <T> Outlined<T> outlined(LlamaConfig model, Maker<T> maker) {
    OutlineBackend outline = new OutlineBackend();
    Parameters parameters = Parameters.allocate(outline, model);
    long before = outline.allocatedBytes();
    T part = maker.make(outline, parameters);
    return new Outlined<>(part, outline, outline.allocatedBytes() - before);
  }

  /// Rollouts, greedy responses and votes have a cache each, but one at a time.
  private static Outlined<Generator> largestCache(
      LlamaConfig model, RunConfig config, int promptTokens) {
    int newTokens = Math.min(config.rollouts().maxNewTokens(), model.maxPositions());
    int votes = Math.max(1, config.evaluate().majoritySamples());
    return Stream.of(config.rollouts().perPrompt(), 1, votes)
        .map(perPrompt ->
            DecodeLimits.of(config.rollouts().slots(), perPrompt, promptTokens, newTokens))
        .map(limits ->
            outlined(model, (outline, parameters) -> new Generator(outline, parameters, limits)))
        .reduce((a, b) -> a.allocated() >= b.allocated() ? a : b)
        .orElseThrow();
  }

  /// Each weight of a product once more, transposed in panels of 32 columns, as far as the CPU
  /// backend keeps them.
  private static long packedCopies(LlamaConfig model) {
    long layer =
        panels(model.queryDim()) * model.embedDim()
            + 2 * panels(model.keyDim()) * model.embedDim()
            + panels(model.embedDim()) * model.queryDim()
            + 2 * panels(model.ffnDim()) * model.embedDim()
            + panels(model.embedDim()) * model.ffnDim();
    long all = FLOAT * (model.numLayers() * layer + panels(model.vocabSize()) * model.embedDim());
    return Math.min(all, CpuBackend.MOST_PACKED_BYTES);
  }

  private static long panels(int columns) {
    return (columns + PANEL - 1L) / PANEL * PANEL;
  }

  /// Bytes that a process needs at least.
  public long totalBytes() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Work of training on so many rows, without the optimizer.
  ///
  /// @param keys that a query meets on average
  public Roofline trainStep(double keys, Roofline.Device device) {
    return Roofline.of(List.of(micro), keys, device);
  }

  /// Work of an optimizer step of one process.
  public Roofline updateStep(Roofline.Device device) {
    return Roofline.of(List.of(update), 0, device);
  }

  /// Work of one more token in each slot.
  ///
  /// @param keys that a query meets on average
  public Roofline decodeStep(double keys, Roofline.Device device) {
    return Roofline.of(List.of(decode), keys, device);
  }

  /// Refuses a run that cannot fit.
  ///
  /// @throws IllegalArgumentException naming the need by purpose, what there is and the way out
  public void requireFits(long availableBytes) {
    requireFit(bytes.keySet(), availableBytes);
  }

  /// Refuses a training that cannot fit; nothing is sampled in it.
  ///
  /// @throws IllegalArgumentException as [#requireFits]
  public void requireTrainingFits(long availableBytes) {
    requireFit(List.of("weights", PACKED, "gradients", "optimizer", "activations"), availableBytes);
  }

  private void requireFit(Collection<String> purposes, long availableBytes) {
    long needed = purposes.stream().mapToLong(bytes::get).sum();
    if (needed <= availableBytes) {
      return;
    }
    String parts =
        purposes.stream()
            .map(purpose -> purpose + " " + gigabytes(bytes.get(purpose)))
            .collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        ("memory: needs %s (%s), there are %s; use train.recompute=true, a smaller"
                + " train.tokenBudget, fewer rollouts.slots, or a machine with more memory")
            .formatted(gigabytes(needed), parts, gigabytes(availableBytes)));
  }

  /// A number of bytes as people read it.
  public static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, bytes < 10_000_000 ? "%.4f GB" : "%.2f GB", bytes / 1e9);
  }
}
