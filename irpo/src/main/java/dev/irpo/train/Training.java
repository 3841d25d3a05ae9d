package dev.irpo.train;

import dev.irpo.checkpoints.arrow.BaseModel;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.train.LearningRate;
import dev.irpo.transformer.train.StepResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;

/// A training of a model, in place, step by step. Resumed from a checkpoint, it ends with the same
/// bits.
///
/// @param <T> what is learnt from
public abstract sealed class Training<T> permits PreferenceTraining, SupervisedTraining {
  /// The key of a step's gradient norm, with which the numbers that no loss names begin.
  static final String GRAD_NORM = "gradNorm";

  /// The key of how many steps in a row, up to this one, had no finite loss or gradient.
  static final String BAD_STEPS = "badSteps";

  private final LanguageModel model;
  private final Group all;
  private final Learner<T, ?> learner;
  private final List<T> examples;
  private final int batchSize;
  private final Order order;
  private final int totalSteps;
  private final LearningRate rate;
  private final int maxBadSteps;
  private int step;
  private int badSteps;
  private Path baseStart;
  private Optional<BaseModel> base = Optional.empty();

  /// Watches a training.
  public interface Listener {
    /// Called after each step.
    void stepped(StepMetrics line) throws IOException;
  }

  /// A training at step 0.
  ///
  /// @param all the processes that train together
  /// @param learner whose trainer's state is forgotten
  /// @param orderKey keys the order of the examples
  Training(
      RunConfig config,
      LanguageModel model,
      Group all,
      Learner<T, ?> learner,
      List<T> examples,
      long orderKey) {
    this.model = model;
    this.all = all;
    this.examples = examples;
    this.learner = learner;
    learner.trainer().reset();
    batchSize = config.train().batchSize();
    order = new Order(examples.size(), config.train().shuffle(), orderKey);
    totalSteps = Schedules.steps(config.train(), examples.size());
    rate = Schedules.learningRate(config.optimizer(), totalSteps);
    maxBadSteps = config.train().maxBadSteps();
  }

  /// Adds what this kind of training alone reports of a step.
  abstract void addTo(SequencedMap<String, Number> line, StepResult result, double seconds);

  /// An example as the commands read it from a line of a file.
  abstract SequencedMap<String, Object> line(T example);

  /// The processes that train together.
  Group group() {
    return all;
  }

  /// Steps of the whole training.
  public int totalSteps() {
    return totalSteps;
  }

  /// Steps done.
  public int step() {
    return step;
  }

  /// The examples of a step.
  ///
  /// @param step from 0
  List<T> batch(int step) {
    int[] indices = order.range((long) step * batchSize, batchSize);
    return Arrays.stream(indices).mapToObj(examples::get).toList();
  }

  /// Trains up to a step. A step whose loss or gradient is not finite is left out: parameters,
  /// moments and the optimizer's count of steps stay as they are, and its line counts how many in a
  /// row there are.
  ///
  /// @throws IllegalArgumentException after `train.maxBadSteps` of them in a row
  public void runTo(int lastStep, Listener listener) throws IOException {
    while (step < lastStep) {
      long start = System.nanoTime();
      List<T> batch = batch(step);
      StepResult result = learner.accumulate(batch);
      double learningRate = rate.at(step);
      double gradNorm = update(result, learningRate);
      step++;
      SequencedMap<String, Number> values = new LinkedHashMap<>();
      values.put("loss", result.loss());
      values.putAll(result.metrics());
      values.put(GRAD_NORM, gradNorm);
      values.put("learningRate", learningRate);
      if (badSteps > 0) {
        values.put(BAD_STEPS, badSteps);
      }
      addTo(values, result, (System.nanoTime() - start) / 1e9);
      StepMetrics line = new StepMetrics(step, values);
      listener.stepped(line);
      if (badSteps >= maxBadSteps) {
        throw new BadSteps(line, batch.stream().map(this::line).toList());
      }
    }
  }

  /// The global norm of the gradient, NaN where the loss is not finite.
  private double update(StepResult result, double learningRate) {
    double gradNorm = Double.NaN;
    if (Double.isFinite(result.loss())) {
      gradNorm = learner.trainer().update(learningRate);
    } else {
      learner.trainer().discard();
    }
    badSteps = Double.isFinite(gradNorm) ? 0 : badSteps + 1;
    return gradNorm;
  }

  /// Opens a model that is to be trained: what [#changing] names is loaded, everything else mapped.
  ///
  /// @throws IOException as [LanguageModel#open]
  public static LanguageModel open(
      RunConfig config, Backend backend, Replicas replicas, Path path, Optional<Path> tokenizer)
      throws IOException {
    StoredModel start = AdaptedModel.open(path, tokenizer, config);
    boolean staysOpen = false;
    try {
      LlamaConfig sizes = LanguageModel.configOf(start);
      Set<String> changing = changing(config, backend, replicas, sizes);
      boolean isLoaded = changing.size() == sizes.parameterShapes().size();
      LanguageModel model =
          isLoaded && !precision(config).isHalf()
              ? LanguageModel.load(backend, start, replicas.model())
              : map(config, backend, replicas, start, changing);
      staysOpen = !isLoaded;
      return model;
    } finally {
      if (!staysOpen) {
        start.close();
      }
    }
  }

  /// What this process has of an opened model, which must not be closed, as all programs of a
  /// training compute with it.
  ///
  /// @param changing names of the weights that are loaded
  /// @throws IOException as [LanguageModel#open]
  public static LanguageModel map(
      RunConfig config,
      Backend backend,
      Replicas replicas,
      StoredModel stored,
      Set<String> changing)
      throws IOException {
    return LanguageModel.map(backend, stored, replicas.model(), changing, precision(config));
  }

  /// Opens a model that scores beside one that is trained, with the same bits, and never changes.
  ///
  /// @throws IOException as [LanguageModel#open]
  public static LanguageModel openReference(
      RunConfig config, Backend backend, Replicas replicas, Path path, Optional<Path> tokenizer)
      throws IOException {
    StoredModel stored = ModelFiles.open(path, tokenizer);
    boolean staysOpen = false;
    try {
      LanguageModel model = map(config, backend, replicas, stored, Set.of());
      staysOpen = backend.traits().mapsWeights();
      return model;
    } finally {
      if (!staysOpen) {
        stored.close();
      }
    }
  }

  /// Which weights of a model must be in memory of their own while it is trained: those that are
  /// trained, all where the backend does not read what files map, unless those that are trained
  /// have a type of their own (`train.precision`), and none where the processes divide them, since
  /// each then has its share in its trainer.
  ///
  /// @throws IllegalArgumentException if `train.parameters` selects none
  public static Set<String> changing(
      RunConfig config, Backend backend, Replicas replicas, LlamaConfig sizes) {
    if (dividesParameters(config, replicas)) {
      return Set.of();
    }
    return backend.traits().mapsWeights() || precision(config).isHalf()
        ? Schedules.trained(config, sizes).of(sizes).keySet()
        : sizes.parameterShapes().keySet();
  }

  /// The type that trained parameters have in memory and in which every program of the training
  /// keeps its activations.
  public static DType precision(RunConfig config) {
    return Schedules.precision(config.train());
  }

  /// Whether the processes divide the parameters, of which [#save] and [#saveModel] then see those
  /// that are trained, and the model keeps those that it was opened with.
  public static boolean dividesParameters(RunConfig config, Replicas replicas) {
    return Schedules.sharding(config.train(), replicas.data()).dividesParameters();
  }

  /// What checkpoints refer to for the parameters that are not trained; none where all are.
  ///
  /// @param start where the model lay when the training began
  Optional<BaseModel> base(Path start) throws IOException {
    Set<String> all = model.parameters().buffers().keySet();
    boolean isWhole =
        learner.trainer().optimizer().layout().trained().slices().size() == all.size();
    if (!isWhole && !start.equals(baseStart)) {
      base = Optional.of(BaseModel.of(start, all)); // which may read all its bytes
      baseStart = start;
    }
    return isWhole ? Optional.empty() : base;
  }

  /// Writes a checkpoint folder: trained parameters, optimizer state and step.
  ///
  /// @param base as [#base] says
  void save(Path folder, Optional<BaseModel> base) throws IOException {
    Checkpoint.State state = new Checkpoint.State(step, badSteps);
    Checkpoint.write(folder, model, all, learner.trainer(), state, base);
  }

  /// The first process writes the trained model as a folder that appears when all of it is there:
  /// whole, or, where an adapter alone is trained, that adapter upon the model that it began with,
  /// or that this one's adapter is upon. All processes take part.
  ///
  /// @param start where that model lies
  public void saveModel(Path folder, Path start) throws IOException {
    Set<String> trainedNames =
        learner.trainer().optimizer().layout().trained().slices().stream()
            .map(ParameterLayout.Slice::name)
            .collect(Collectors.toSet());
    boolean isAdapter =
        model.config().layers().adapter().isPresent()
            && trainedNames.equals(ParameterSelection.adapter().of(model.config()).keySet());
    Optional<BaseModel> began = isAdapter ? base(start) : Optional.empty();
    Optional<BaseModel> rest =
        began.isEmpty() ? began : Optional.of(began.get().below(trainedNames));
    learner
        .trainer()
        .show(trained -> {
          if (rest.isPresent()) {
            WholeTensors.show(
                model.parameters(),
                trained,
                whole ->
                    AdaptedModel.write(
                        folder,
                        model.huggingFaceConfig(),
                        whole,
                        model.tokenizerFiles(),
                        rest.get()));
            return;
          }
          SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
          model.storedTensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
          trained.forEach(tensor -> tensors.put(tensor.name(), tensor));
          WholeTensors.show(
              model.parameters(),
              List.copyOf(tensors.values()),
              whole -> model.save(folder, whole));
        });
  }

  /// Resumes from a checkpoint folder.
  ///
  /// @param base as [#base] says
  /// @throws IllegalArgumentException if the checkpoint has another base
  void resume(Path folder, Optional<BaseModel> base) throws IOException {
    Checkpoint.State state = Checkpoint.read(folder, learner.trainer(), base);
    step = state.step();
    badSteps = state.badSteps();
  }
}
