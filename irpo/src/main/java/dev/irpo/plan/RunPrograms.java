package dev.irpo.plan;

import dev.irpo.config.AdapterSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.model.Backends;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.ShardedLayout;
import dev.irpo.transformer.train.Trainer;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The programs that a run compiles and the buffers that it allocates, outlined: made as the run
/// makes them, on a backend that takes no memory, each when it is first asked for.
public final class RunPrograms {
  private final RunConfig config;
  private final LlamaConfig whole;
  private final DType stored;
  private final Longest longest;
  private final Replicas replicas;
  private final OutlineBackend outline;
  private final Parameters parameters;
  private final long ownWeightBytes;
  private Sampling sampling;
  private Scoring scoring;
  private Training training;

  /// What samples.
  ///
  /// @param token one more token in each slot
  /// @param prefill the same beside rows of prompts
  /// @param activationBytes of the programs of all sizes together
  /// @param cacheBytes of keys and values
  public record Sampling(
      Compilation token,
      int slots,
      Compilation prefill,
      int prefillRows,
      long activationBytes,
      long cacheBytes) {
    /// That of a generator.
    static Sampling of(OutlineBackend outline, Parameters parameters, DecodeLimits limits) {
      long before = outline.allocatedBytes();
      Generator generator = new Generator(outline, parameters, limits);
      return new Sampling(
          OutlineBackend.compilationOf(generator.tokenInEachSlot()),
          limits.slots(),
          OutlineBackend.compilationOf(generator.mostRows()),
          generator.prefillRows(),
          generator.activationBytes(),
          outline.allocatedBytes() - before);
    }

    Cost addTo(Cost cost) {
      return cost.inMemory(Purpose.SAMPLING, activationBytes)
          .inMemory(Purpose.CACHE, cacheBytes)
          .running(token, prefill);
    }
  }

  /// What scores.
  ///
  /// @param batch forward pass of a full micro-batch
  public record Scoring(Compilation batch, int tokens, long activationBytes) {
    /// That of a scorer.
    static Scoring of(OutlineBackend outline, Parameters parameters, int tokens) {
      Scorer scorer = new Scorer(outline, parameters, tokens);
      Compilation batch = OutlineBackend.compilationOf(scorer.microBatch());
      return new Scoring(batch, tokens, scorer.activationBytes());
    }

    Cost addTo(Cost cost) {
      return cost.inMemory(Purpose.SCORING, activationBytes).running(batch);
    }
  }

  /// What trains.
  ///
  /// @param microBatch forward and backward pass of a full micro-batch
  /// @param updates an optimizer step
  /// @param parameterBytes of parameters that are trained apart from those that sample and score,
  ///   or that are updated apart from those that are trained
  /// @param gradientBytes of gradients, and of what sums them over processes
  /// @param momentBytes of the moments that a process has
  /// @param trainedBytes of the trained parameters of all processes that share the pairs
  /// @param checkpointBytes of these, their two moments, and what is updated apart from them
  public record Training(
      Compilation microBatch,
      int tokens,
      List<Compilation> updates,
      long activationBytes,
      long parameterBytes,
      long gradientBytes,
      long momentBytes,
      long trainedBytes,
      long checkpointBytes) {
    /// That of a trainer.
    ///
    /// @param maker makes the trainer on the backend
    static Training of(OutlineBackend outline, Supplier<Trainer<?>> maker) {
      long before = outline.allocatedBytes();
      Trainer<?> trainer = maker.get();
      ShardedLayout layout = trainer.optimizer().layout();
      long moments = 2 * Float.BYTES * layout.numOwned();
      long trained = Float.BYTES * layout.trained().numElements();
      boolean hasMasters = trainer.optimizer().masters().isPresent();
      return new Training(
          OutlineBackend.compilationOf(trainer.microBatch()),
          trainer.tokenBudget(),
          trainer.updatePrograms().stream().map(OutlineBackend::compilationOf).toList(),
          trainer.activationBytes(),
          trainer.parameterBytes(),
          outline.allocatedBytes() - before - moments - trainer.parameterBytes(),
          moments,
          trained,
          (hasMasters ? 4 : 3) * trained);
    }

    /// Everything that a step of one micro-batch runs.
    public List<Compilation> step() {
      return Stream.concat(Stream.of(microBatch), updates.stream()).toList();
    }

    Cost addTo(Cost cost) {
      return cost.inMemory(Purpose.WEIGHTS, parameterBytes)
          .inMemory(Purpose.GRADIENTS, gradientBytes)
          .inMemory(Purpose.OPTIMIZER, momentBytes)
          .inMemory(Purpose.ACTIVATIONS, activationBytes)
          .running(updates.toArray(Compilation[]::new))
          .running(microBatch);
    }
  }

  /// The programs of a run with a model of these sizes, in one process.
  public RunPrograms(LlamaConfig model, RunConfig config, Longest longest) {
    this(model, config, longest, 1);
  }

  /// The same of the first of so many processes, with a model that is stored in single precision.
  ///
  /// @throws IllegalArgumentException as the next one
  public RunPrograms(LlamaConfig model, RunConfig config, Longest longest, int processes) {
    this(model, DType.F32, config, longest, processes);
  }

  /// The same with matrices that are stored in a type, in which those that are not trained are read
  /// from where they lie.
  ///
  /// @throws IllegalArgumentException if `compute.tensorParallel` divides neither the processes nor
  ///   the model, or `train.parameters` selects nothing
  public RunPrograms(
      LlamaConfig model, DType stored, RunConfig config, Longest longest, int processes) {
    replicas = PlannedGroup.replicas(config, processes);
    this.config = config;
    this.longest = longest;
    outline = outline(config);
    whole = model;
    this.stored = stored;
    Set<String> changing = changing(config, model, replicas);
    DType precision = PreferenceTraining.precision(config);
    parameters = Parameters.outline(outline, model, replicas.model(), changing, precision, stored);
    ownWeightBytes = outline.allocatedBytes();
  }

  private static OutlineBackend outline(RunConfig config) {
    boolean isDevice = Backends.isDevice(config.compute().backend());
    return new OutlineBackend(
        isDevice ? BackendTraits.PLAIN.keepingHalfCaches() : BackendTraits.PLAIN);
  }

  private static Set<String> changing(RunConfig config, LlamaConfig model, Replicas replicas) {
    try (Backend backend = Backends.forPlanning(config.compute())) {
      return PreferenceTraining.changing(config, backend, replicas, model);
    }
  }

  /// The longest that the run meets.
  public Longest longest() {
    return longest;
  }

  /// Processes that share the pairs of a training.
  int processes() {
    return replicas.data().size();
  }

  /// The processes that hold a model together.
  TensorParallel parallel() {
    return replicas.model();
  }

  /// Bytes of a model's weights in single precision.
  public long weightBytes() {
    return Float.BYTES * ParameterLayout.of(whole.parameterShapes()).numElements();
  }

  /// Bytes of a model's weights in the type that they are stored in.
  public long storedBytes() {
    return weightBytes() / Float.BYTES * stored.blockBytes() / stored.blockElements();
  }

  /// Bytes of the model with its adapter merged into the weights: in the type that they are stored
  /// in, of blocks in single precision.
  public long mergedBytes() {
    return stored.isBlocked() ? weightBytes() : storedBytes();
  }

  /// Bytes of a model M_t as it is stored: of one whose adapter alone is trained, that adapter,
  /// unless it is merged.
  public long modelBytes() {
    if (config.adapter().merge() == AdapterSettings.Merge.ITERATION) {
      return mergedBytes();
    }
    return config.trained().equals(ParameterSelection.adapter())
        ? training().trainedBytes()
        : weightBytes();
  }

  /// Bytes of a checkpoint: trained parameters, their moments, and what is updated apart from them.
  public long checkpointBytes() {
    SequencedMap<String, Shape> trained = config.trained().of(whole);
    long copies = training().checkpointBytes() / training().trainedBytes();
    return copies * Float.BYTES * ParameterLayout.of(trained).numElements();
  }

  /// Bytes of the weights that a process samples and scores with, besides maps of files.
  public long residentWeightBytes() {
    return ownWeightBytes;
  }

  /// What samples. Rollouts, greedy responses and votes have it in common; greedy ones want the
  /// largest cache.
  public Sampling sampling() {
    if (sampling == null) {
      int newTokens = Math.min(config.rollouts().maxNewTokens(), whole.maxPositions());
      int slots = config.rollouts().slots();
      DecodeLimits limits = DecodeLimits.of(slots, 1, longest.prompt(), newTokens);
      sampling = Sampling.of(outline, parameters, limits);
    }
    return sampling;
  }

  /// What scores: a micro-batch that holds the longest prompt with a response.
  public Scoring scoring() {
    if (scoring == null) {
      int tokens = Math.max(config.train().tokenBudget(), longest.text());
      scoring = Scoring.of(outline, parameters, tokens);
    }
    return scoring;
  }

  /// What trains: a micro-batch that holds what the loss reads of the longest pair.
  public Training training() {
    if (training == null) {
      training =
          Training.of(
              outline,
              () ->
                  PreferenceTraining.trainer(
                      config, outline, replicas.data(), parameters, largestItem()));
    }
    return training;
  }

  /// Tokens of the largest item that is trained on.
  int largestItem() {
    return longest.item(PreferenceTraining.reads(config).responses());
  }
}
