package dev.irpo.transformer.train;

import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.packing.BudgetBuckets;
import dev.irpo.transformer.packing.PackedBatch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// Trains a model, or some of its parameters, on the items of a loss: in place, or, where the
/// processes divide the parameters among them ([Sharding#dividesParameters]), apart from those that
/// it began with.
///
/// ```java
/// StepResult result = trainer.accumulate(items);
/// double gradNorm = trainer.update(learningRate.at(step));
/// ```
///
/// @param <I> the kind of items
public final class Trainer<I extends TrainItem> {
  private final Parameters parameters;
  private final Loss<I> loss;
  private final LossReads<I> reads;
  private final Sharding sharding;
  private final GradientSum gradient;
  private final Optimizer optimizer;
  private final TrainedParameters trainedParameters;
  private final BudgetBuckets<LossProgram<I>> training;
  private final BudgetBuckets<LossProgram<I>> evaluating;

  /// Reads parameters.
  ///
  /// @param <E> what it fails with
  @FunctionalInterface
  public interface Reader<E extends Exception> {
    /// Reads them.
    ///
    /// @param trained in single precision, in the order of their layout; to be read until this
    ///   returns
    void read(List<StoredTensor> trained) throws E;
  }

  /// A trainer with an optimizer at step 0.
  ///
  /// @throws IllegalArgumentException if the model lacks parameters that are to be trained
  public Trainer(Backend backend, Parameters parameters, Loss<I> loss, TrainerSettings settings) {
    this.parameters = parameters;
    this.loss = loss;
    sharding = settings.sharding();
    reads = LossReads.of(loss);
    ParameterLayout trained = ParameterLayout.of(settings.trained().of(parameters.config()));
    requireRounded(parameters.type(), settings.parameterType());
    ShardedLayout layout = new ShardedLayout(trained, sharding);
    trainedParameters = trainedParameters(backend, layout, settings.parameterType());
    Llama model = new Llama(parameters, settings.activations(), trainedParameters.types());
    gradient =
        sharding.streamsGradients()
            ? new StreamedGradient(backend, layout, sharding, parameters.config().tiedHead())
            : new ReducedGradient(backend, layout, sharding.group());
    optimizer =
        new Optimizer(
            backend,
            trainedParameters,
            layout,
            OwnedStretch.of(layout, sharding, parameters),
            gradient,
            settings.optimizer());
    Map<String, Buffer> variables = new HashMap<>(trainedParameters.buffers());
    variables.putAll(gradient.gradients());
    CompileOptions options = CompileOptions.DEFAULT.in(new Workspace());
    Function<Graph, Program> compiler = graph -> backend.compile(graph, variables, options);
    training =
        new BudgetBuckets<>(
            backend,
            settings.tokenBudget(),
            budget ->
                LossProgram.withGradients(
                    trainedParameters.graph(),
                    model,
                    loss,
                    reads,
                    budget,
                    trained,
                    gradient,
                    compiler));
    evaluating =
        new BudgetBuckets<>(
            backend,
            settings.tokenBudget(),
            budget ->
                LossProgram.withoutGradients(
                    trainedParameters.graph(), model, loss, reads, budget, compiler));
  }

  private TrainedParameters trainedParameters(Backend backend, ShardedLayout layout, DType type) {
    Group group = sharding.group();
    if (sharding.dividesParameters()) {
      requireWhole();
      return new GatheredParameters(backend, parameters, layout, group, type);
    }
    ResidentParameters resident = new ResidentParameters(parameters, layout, group);
    return type.isHalf()
        ? new RoundedParameters(backend, resident, layout, group, parameters.parallel(), type)
        : resident;
  }

  private static void requireRounded(DType inMemory, DType rounded) {
    if (inMemory.isHalf() && inMemory != rounded) {
      throw new IllegalArgumentException(
          "parameters that are in memory as %s are rounded to it, not to %s"
              .formatted(inMemory, rounded));
    }
  }

  private void requireWhole() {
    if (parameters.parallel().ranks() > 1) {
      throw new IllegalArgumentException(
          "ZeRO stage 3 divides the parameters of whole models, this one is divided among %d"
                  .formatted(parameters.parallel().ranks())
              + " processes already; use stage 1 or 2");
    }
  }

  /// Adds the gradient of a step's loss to the gathered gradient.
  ///
  /// @throws IllegalArgumentException if an item does not fit into a micro-batch or the context, or
  ///   if parameters that are to be rounded to 16 bits begin with other numbers
  public StepResult accumulate(List<I> items) {
    return accumulate(items, loss.divisor(items));
  }

  /// Adds the gradient of a part of a step's loss to the gathered gradient. All processes give the
  /// same items; each computes its own.
  ///
  /// @param divisor of the whole step, see [Loss#divisor]
  /// @throws IllegalArgumentException as [#accumulate(List)]
  public StepResult accumulate(List<I> items, double divisor) {
    return run(training, items, divisor);
  }

  /// A step's loss without any gradient.
  ///
  /// @throws IllegalArgumentException as [#accumulate(List)]
  public StepResult evaluate(List<I> items) {
    return run(evaluating, items, loss.divisor(items));
  }

  /// One optimizer step from the gathered gradient, which is zero again afterwards. Without a step
  /// if the norm is not finite: parameters, moments and their count then stay as they were.
  ///
  /// @param rate learning rate of this step
  /// @return the global norm of the gradient before clipping, over all processes and the slices of
  ///   the model that they have
  /// @throws IllegalArgumentException in all processes if a parameter becomes too large for the 16
  ///   bits that it is rounded to; parameters and moments are of no use then
  public double update(double rate) {
    gradient.complete();
    double ofSlice = sharding.sum(optimizer.squaredNorms());
    double squared = optimizer.wholeSquaredNorm(parameters.parallel().sum(ofSlice));
    if (Double.isFinite(squared)) {
      trainedParameters.updated(optimizer.step(rate));
    }
    gradient.clear();
    return Math.sqrt(squared);
  }

  /// Forgets the gathered gradient.
  public void discard() {
    gradient.clear();
  }

  private StepResult run(BudgetBuckets<LossProgram<I>> buckets, List<I> items, double divisor) {
    trainedParameters.begin();
    var _ = microBatch(); // first, so that the memory of all programs never grows
    LossProgram<I> any = training.smallestFor(training.largest());
    List<MicroBatch<I>> all = microBatches(items, buckets.largest());
    StepSums sums = new StepSums(all.size(), any.numVectors(), items.size());
    for (List<List<Integer>> round : sharding.rounds(all)) {
      List<Integer> ownNumbers = round.get(sharding.group().rank());
      if (ownNumbers.isEmpty()) {
        trainedParameters.idle(buckets == training, gradient);
      }
      for (int number : ownNumbers) {
        MicroBatch<I> own = all.get(number);
        LossProgram<I> program = buckets.smallestFor(own.packed().used());
        sums.add(number, own, program.run(own.packed(), own.items(), 1 / divisor));
      }
      if (buckets == training) {
        gradient.endRound();
      }
    }
    sums.shared(sharding.group());
    return any.result(sums);
  }

  /// The micro-batches of a step, part by part, the same in every process.
  private List<MicroBatch<I>> microBatches(List<I> items, Budget budget) {
    List<MicroBatch<I>> all = new ArrayList<>();
    List<List<Integer>> dealt = sharding.deal(items, reads::packedTokens);
    for (int part = 0; part < dealt.size(); part++) {
      List<Integer> indices = dealt.get(part);
      List<I> own = indices.stream().map(items::get).toList();
      int first = 0;
      for (PackedBatch batch :
          PackedBatch.pack(own.stream().map(reads::packed).toList(), budget, parameters.config())) {
        int end = first + batch.numItems();
        all.add(
            new MicroBatch<>(part, batch, own.subList(first, end), indices.subList(first, end)));
        first = end;
      }
    }
    return all;
  }

  /// The parameters that it began with.
  public Parameters parameters() {
    return parameters;
  }

  /// The processes that share its items.
  public Sharding sharding() {
    return sharding;
  }

  /// What it minimises.
  public Loss<I> loss() {
    return loss;
  }

  /// What that reads.
  public LossReads<I> reads() {
    return reads;
  }

  /// Clears the gathered gradient and the optimizer's state, before another training.
  public void reset() {
    gradient.clear();
    optimizer.reset();
    trainedParameters.reset();
  }

  /// Overwrites the trained parameters with stored ones.
  ///
  /// @param stored the tensor of a name, of the whole model
  public void overwrite(Function<String, StoredTensor> stored) {
    trainedParameters.overwrite(stored);
  }

  /// Lets the first process that shares this one's items read the trained parameters as they are
  /// now, slices where that is what it has. All of these processes take part.
  ///
  /// @param reader what the first process does
  /// @throws E if that fails
  public <E extends Exception> void show(Reader<E> reader) throws E {
    trainedParameters.show(reader);
  }

  /// The largest micro-batch.
  public int tokenBudget() {
    return training.largest().tokens();
  }

  /// The optimizer, whose state belongs in a checkpoint.
  public Optimizer optimizer() {
    return optimizer;
  }

  /// Where micro-batches add the gradients of the trained parameters, by `gradient/NAME`: those of
  /// the step so far, unless they are streamed.
  public SequencedMap<String, Buffer> gradients() {
    return gradient.gradients();
  }

  /// Bytes of parameters that it has beside those that it began with.
  public long parameterBytes() {
    return trainedParameters.bytes();
  }

  /// Bytes that the programs of all micro-batches plan together, those without gradients among
  /// them: one workspace, as large as the largest needs.
  public long activationBytes() {
    return Stream.of(training, evaluating)
        .map(buckets -> buckets.smallestFor(buckets.largest()))
        .mapToLong(bucket -> bucket.program().plannedBytes())
        .max()
        .orElseThrow();
  }

  /// The listing of the largest micro-batch's program: operations, bytes, floating-point
  /// operations.
  public String describe() {
    return microBatch().describe();
  }

  /// The programs of an optimizer step, in their order.
  public List<Program> updatePrograms() {
    List<Program> programs = new ArrayList<>(optimizer.programs());
    programs.add(gradient.clearing());
    return programs;
  }

  /// The program of the largest micro-batch, forward and backward.
  public Program microBatch() {
    return training.smallestFor(training.largest()).program();
  }
}
