package dev.irpo.transformer.train;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.packing.BudgetBuckets;
import dev.irpo.transformer.packing.PackedBatch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// Trains a model, or some of its parameters, on the items of a loss, in place.
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
  private final Buffer gradient;
  private final SequencedMap<String, Buffer> gradients;
  private final Optimizer optimizer;
  private final BudgetBuckets<LossProgram<I>> training;
  private final BudgetBuckets<LossProgram<I>> evaluating;

  /// A trainer with an optimizer at step 0.
  ///
  /// @throws IllegalArgumentException if the model lacks parameters that are to be trained
  public Trainer(Backend backend, Parameters parameters, Loss<I> loss, TrainerSettings settings) {
    this.parameters = parameters;
    this.loss = loss;
    reads = LossReads.of(loss);
    Llama model = new Llama(parameters, settings.activations());
    ParameterLayout trained = ParameterLayout.of(settings.trained().of(parameters.config()));
    gradient = backend.allocate(trained.numElements());
    gradients = trained.slice(gradient, Gradients.PREFIX);
    optimizer = new Optimizer(backend, parameters, trained, gradient, settings.optimizer());
    Map<String, Buffer> variables = new HashMap<>(parameters.buffers());
    variables.putAll(gradients);
    CompileOptions options = CompileOptions.DEFAULT.in(new Workspace());
    Function<Graph, Program> compiler = graph -> backend.compile(graph, variables, options);
    training =
        new BudgetBuckets<>(
            backend,
            settings.tokenBudget(),
            budget -> LossProgram.withGradients(model, loss, reads, budget, trained, compiler));
    evaluating =
        new BudgetBuckets<>(
            backend,
            settings.tokenBudget(),
            budget -> LossProgram.withoutGradients(model, loss, reads, budget, compiler));
  }

  /// Adds the gradient of a step's loss to the gathered gradient.
  ///
  /// @throws IllegalArgumentException if an item does not fit into a micro-batch or the context
  public StepResult accumulate(List<I> items) {
    return accumulate(items, loss.divisor(items));
  }

  /// Adds the gradient of a part of a step's loss to the gathered gradient.
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

  /// One optimizer step from the gathered gradient, which is zero again afterwards.
  ///
  /// @param rate learning rate of this step
  /// @return the global norm of the gradient before clipping
  /// @throws IllegalStateException if several processes hold the model together: the norm of their
  ///   slices is not summed
  public double update(double rate) {
    int ranks = parameters.parallel().ranks();
    if (ranks > 1) {
      throw new IllegalStateException(
          "%d processes hold the model together; they have gradients but no optimizer step, so let each process have all of it"
              .formatted(ranks));
    }
    return optimizer.step(rate);
  }

  private StepResult run(BudgetBuckets<LossProgram<I>> buckets, List<I> items, double divisor) {
    var _ = microBatch(); // first, so that the memory of all programs never grows
    List<PackedBatch> batches =
        PackedBatch.pack(
            items.stream().map(reads::packed).toList(), buckets.largest(), parameters.config());
    LossProgram<I> program = buckets.smallestFor(batches.getFirst().used());
    float[][] results = new float[program.numVectors()][items.size()];
    double sum = 0;
    long rows = 0;
    int firstItem = 0;
    for (PackedBatch batch : batches) {
      program = buckets.smallestFor(batch.used());
      List<I> part = items.subList(firstItem, firstItem + batch.numItems());
      sum += program.run(batch, part, 1 / divisor, results, firstItem);
      rows += batch.used().tokens();
      firstItem += batch.numItems();
    }
    return program.result(sum, results, rows);
  }

  /// What it minimises.
  public Loss<I> loss() {
    return loss;
  }

  /// What that reads.
  public LossReads<I> reads() {
    return reads;
  }

  /// Clears the gathered gradient and the optimizer's state.
  public void reset() {
    gradient.clear();
    gradient.markChanged();
    optimizer.reset();
  }

  /// The largest micro-batch.
  public int tokenBudget() {
    return training.largest().tokens();
  }

  /// The optimizer, whose state belongs in a checkpoint.
  public Optimizer optimizer() {
    return optimizer;
  }

  /// Gathered gradients of the trained parameters by `gradient/NAME`.
  public SequencedMap<String, Buffer> gradients() {
    return gradients;
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

  /// The program of the largest micro-batch, forward and backward.
  public Program microBatch() {
    return training.smallestFor(training.largest()).program();
  }
}
