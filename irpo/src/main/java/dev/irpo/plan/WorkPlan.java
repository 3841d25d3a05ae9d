package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Compilation;
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
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the programs of a run take, from the graphs that it would compile and the buffers that it
/// would allocate; nothing is allocated.
///
/// @param bytes of one process by purpose, all of them at the same time
/// @param programs their graphs
/// @param waysOut settings that would lower the bytes
public record WorkPlan(SequencedMap<String, Long> bytes, Programs programs, List<String> waysOut) {
  /// The weights.
  static final String WEIGHTS = "weights";

  private static final String PACKED = "packed copies of weights";
  private static final String CACHE = "key-value cache";

  /// What samples.
  static final List<String> SAMPLING = List.of(WEIGHTS, PACKED, "sampling", CACHE);

  /// What scores beside that.
  static final List<String> SCORING = List.of("scoring");

  /// What trains beside both.
  static final List<String> TRAINING = List.of("gradients", "optimizer", "activations");

  private static final String FEWER_SLOTS = "fewer rollouts.slots";
  private static final int PANEL = 32;
  private static final long FLOAT = Float.BYTES;

  /// The longest that a run meets, in tokens.
  ///
  /// @param prompt of a prompt
  /// @param pair of a prompt with two responses
  public record Longest(int prompt, int pair) {}

  /// Graphs and their rows.
  ///
  /// @param micro forward and backward pass of a full micro-batch
  /// @param update an optimizer step
  /// @param score forward pass of a full micro-batch
  /// @param decode one more token in each slot
  /// @param prefill the same beside rows of prompts
  public record Programs(
      Compilation micro,
      int microTokens,
      Compilation update,
      Compilation score,
      int scoreTokens,
      Compilation decode,
      int slots,
      Compilation prefill,
      int prefillTokens) {
    /// Forward and backward pass of a full micro-batch.
    ///
    /// @param keys that a query meets on average
    public Roofline microBatch(double keys, Roofline.Device device) {
      return Roofline.of(List.of(micro), keys, device);
    }

    /// An optimizer step of one process.
    public Roofline updateStep(Roofline.Device device) {
      return Roofline.of(List.of(update), 0, device);
    }

    /// Forward pass of a full micro-batch.
    ///
    /// @param keys that a query meets on average
    public Roofline scoreBatch(double keys, Roofline.Device device) {
      return Roofline.of(List.of(score), keys, device);
    }

    /// One more token in each slot.
    ///
    /// @param keys that a query meets on average
    public Roofline decodeStep(double keys, Roofline.Device device) {
      return Roofline.of(List.of(decode), keys, device);
    }

    /// One more token in each slot beside rows of prompts.
    ///
    /// @param keys that a query meets on average
    public Roofline prefillStep(double keys, Roofline.Device device) {
      return Roofline.of(List.of(prefill), keys, device);
    }
  }

  /// Plans a run.
  ///
  /// @param processes that share gradients and optimizer state by equal ranges of elements
  public static WorkPlan of(LlamaConfig model, RunConfig config, Longest longest, int processes) {
    SequencedMap<String, Long> bytes = new LinkedHashMap<>();
    long elements = ParameterLayout.of(model.parameterShapes()).numElements();
    long trainedElements = PreferenceTraining.trainedElements(config, model);
    long shard = (trainedElements + processes - 1) / processes;
    bytes.put(WEIGHTS, FLOAT * elements);
    bytes.put(PACKED, packedCopies(model));
    bytes.put("gradients", FLOAT * shard);
    bytes.put("optimizer", 2 * FLOAT * shard);
    Outlined<Trainer<?>> training =
        outlined(
            model,
            (outline, parameters) ->
                PreferenceTraining.trainer(config, outline, parameters, longest.pair()));
    Trainer<?> trainer = training.part();
    bytes.put("activations", trainer.activationBytes());

    Outlined<Generator> sampling = sampling(model, config, longest.prompt());
    Generator generator = sampling.part();
    bytes.put("sampling", generator.activationBytes());
    bytes.put(CACHE, sampling.allocated());
    int scoreTokens = scoringRows(model, config, longest.prompt());
    Outlined<Scorer> scoring =
        outlined(model, (outline, parameters) -> new Scorer(outline, parameters, scoreTokens));
    bytes.put("scoring", scoring.part().activationBytes());
    Programs programs =
        new Programs(
            OutlineBackend.compilationOf(trainer.microBatch()),
            trainer.tokenBudget(),
            OutlineBackend.compilationOf(trainer.optimizer().program()),
            OutlineBackend.compilationOf(scoring.part().microBatch()),
            scoreTokens,
            OutlineBackend.compilationOf(generator.tokenInEachSlot()),
            config.rollouts().slots(),
            OutlineBackend.compilationOf(generator.mostRows()),
            generator.prefillRows());
    return new WorkPlan(bytes, programs, waysOut(config, longest));
  }

  /// Of a micro-batch that holds the longest prompt with a response as long as a sampled one.
  private static int scoringRows(LlamaConfig model, RunConfig config, int promptTokens) {
    long longest = (long) promptTokens + config.rollouts().maxNewTokens();
    int rows = (int) Math.min(longest, model.maxPositions());
    return Math.max(config.train().tokenBudget(), rows);
  }

  /// A part of the program on a backend that takes no memory.
  private record Outlined<T>(T part, long allocated) {}

  private interface Maker<T> {
    T make(OutlineBackend outline, Parameters parameters);
  }

  private static <T> Outlined<T> outlined(LlamaConfig model, Maker<T> maker) {
    OutlineBackend outline = new OutlineBackend();
    Parameters parameters = Parameters.allocate(outline, model);
    long before = outline.allocatedBytes();
    T part = maker.make(outline, parameters);
    return new Outlined<>(part, outline.allocatedBytes() - before);
  }

  /// Rollouts, greedy responses and votes have a cache in common; greedy ones want the largest.
  private static Outlined<Generator> sampling(
      LlamaConfig model, RunConfig config, int promptTokens) {
    int newTokens = Math.min(config.rollouts().maxNewTokens(), model.maxPositions());
    DecodeLimits limits = DecodeLimits.of(config.rollouts().slots(), 1, promptTokens, newTokens);
    return outlined(model, (outline, parameters) -> new Generator(outline, parameters, limits));
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

  private static List<String> waysOut(RunConfig config, Longest longest) {
    List<String> ways = new ArrayList<>();
    if (!config.train().recompute()) {
      ways.add("train.recompute=true");
    }
    if (config.train().tokenBudget() > longest.pair()) {
      ways.add("a smaller train.tokenBudget");
    }
    if (config.rollouts().slots() > 1) {
      ways.add(FEWER_SLOTS);
    }
    return List.copyOf(ways);
  }

  /// Bytes that a process needs at least.
  public long totalBytes() {
    return bytesOf(bytes.keySet());
  }

  /// Bytes of some purposes.
  long bytesOf(Collection<String> purposes) {
    return purposes.stream().mapToLong(bytes::get).sum();
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
    List<String> purposes = new ArrayList<>(List.of(WEIGHTS, PACKED));
    purposes.addAll(TRAINING);
    requireFit(purposes, availableBytes);
  }

  private void requireFit(Collection<String> purposes, long availableBytes) {
    long needed = bytesOf(purposes);
    if (needed <= availableBytes) {
      return;
    }
    String parts =
        purposes.stream()
            .map(purpose -> purpose + " " + Units.bytes(bytes.get(purpose)))
            .collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        "memory: needs %s (%s), there are %s; use %s"
            .formatted(
                Units.bytes(needed),
                parts,
                Units.bytes(availableBytes),
                wayOut(purposes, availableBytes)));
  }

  /// What helps where not all fits: no setting does where weights, gradients and optimizer are too
  /// much already.
  public String wayOut(long availableBytes) {
    return wayOut(bytes.keySet(), availableBytes);
  }

  private String wayOut(Collection<String> purposes, long availableBytes) {
    long always = bytesOf(List.of(WEIGHTS, "gradients", "optimizer"));
    if (always >= availableBytes) {
      return "a smaller model, or a machine with more than the %s of weights, gradients and optimizer"
          .formatted(Units.bytes(always));
    }
    return Stream.concat(
            waysOut.stream().filter(way -> purposes.contains(CACHE) || !way.equals(FEWER_SLOTS)),
            Stream.of("a machine with more memory"))
        .collect(Collectors.joining(", or "));
  }

  /// Processes with as much memory each that would do, sharing gradients and optimizer state.
  ///
  /// @param processes that this plan is for
  public OptionalLong enoughProcesses(int processes, long availableBytes) {
    long shared = bytesOf(List.of("gradients", "optimizer"));
    long room = availableBytes - (totalBytes() - shared);
    return room <= 0
        ? OptionalLong.empty()
        : OptionalLong.of((shared * processes + room - 1) / room);
  }
}
