package dev.irpo.transformer.train;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.packing.BudgetLadder;
import dev.irpo.transformer.packing.PackedBatch;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// Trains a model on the items of a loss, in place.
///
/// ```java
/// StepResult result = trainer.accumulate(items);     // any number of times
/// double gradNorm = trainer.update(learningRate.at(step));
/// ```
public final class Trainer {
  private final Parameters parameters;
  private final Llama model;
  private final Buffer gradient;
  private final SequencedMap<String, Buffer> gradients;
  private final Optimizer optimizer;
  private final BudgetLadder<LossProgram> training;
  private final BudgetLadder<LossProgram> evaluating;

  /// A trainer with an optimizer at step 0.
  public Trainer(Backend backend, Parameters parameters, Loss loss, TrainSettings settings) {
    this.parameters = parameters;
    model = new Llama(parameters.config(), settings.activations());
    gradient = backend.allocate(parameters.layout().numElements());
    gradients = parameters.layout().slice(gradient, Gradients.PREFIX);
    optimizer = new Optimizer(backend, parameters, gradient, settings.optimizer());
    Map<String, Buffer> variables = new HashMap<>(parameters.buffers());
    variables.putAll(gradients);
    Workspace workspace = new Workspace();
    Function<Graph, Program> compiler = graph -> backend.compile(graph, variables, workspace);
    training =
        new BudgetLadder<>(
            backend,
            settings.tokenBudget(),
            budget -> LossProgram.withGradients(model, loss, budget, compiler));
    evaluating =
        new BudgetLadder<>(
            backend,
            settings.tokenBudget(),
            budget -> LossProgram.withoutGradients(model, loss, budget, compiler));
  }

  /// Adds the gradient of the items' loss to what is gathered.
  ///
  /// @throws IllegalArgumentException if an item does not fit into a micro-batch or the context
  public StepResult accumulate(List<TrainItem> items) {
    return run(training, items);
  }

  /// The items' loss without any gradient.
  ///
  /// @throws IllegalArgumentException as [#accumulate]
  public StepResult evaluate(List<TrainItem> items) {
    return run(evaluating, items);
  }

  /// One optimizer step from the gathered gradient, which is zero again afterwards.
  ///
  /// @param rate learning rate of this step
  /// @return the global norm of the gradient before clipping
  public double update(double rate) {
    return optimizer.step(rate);
  }

  private StepResult run(BudgetLadder<LossProgram> ladder, List<TrainItem> items) {
    Budget largest = ladder.largest();
    List<PackedBatch> batches =
        PackedBatch.pack(
            items.stream().map(TrainItem::tokens).toList(), largest, parameters.config());
    SequencedMap<String, float[]> metrics = new LinkedHashMap<>();
    double sum = 0;
    long rows = 0;
    int firstItem = 0;
    for (PackedBatch batch : batches) {
      LossProgram program = ladder.smallestFor(batch.used());
      for (String name : program.metricNames()) {
        metrics.computeIfAbsent(name, key -> new float[items.size()]);
      }
      List<TrainItem> part = items.subList(firstItem, firstItem + batch.numItems());
      sum += program.run(batch, part, metrics, firstItem);
      rows += batch.used().tokens();
      firstItem += batch.numItems();
    }
    return new StepResult(sum, metrics, rows);
  }

  /// Forgets what is gathered and what the optimizer knows.
  public void reset() {
    gradient.clear();
    gradient.markChanged();
    optimizer.reset();
  }

  /// The largest micro-batch.
  public int tokenBudget() {
    return training.largest().tokens();
  }

  /// The optimizer, whose state belongs into a checkpoint.
  public Optimizer optimizer() {
    return optimizer;
  }

  /// Gathered gradients by `gradient/NAME`.
  public SequencedMap<String, Buffer> gradients() {
    return gradients;
  }

  /// Bytes that the programs of all micro-batches plan together, those without gradients among
  /// them: one workspace, as large as the largest needs.
  public long activationBytes() {
    return Stream.of(training, evaluating)
        .map(ladder -> ladder.smallestFor(ladder.largest()))
        .mapToLong(rung -> rung.program().plannedBytes())
        .max()
        .orElseThrow();
  }

  /// The listing of the largest micro-batch's program: operations, bytes, floating-point
  /// operations.
  public String describe() {
    return training.smallestFor(training.largest()).program().describe();
  }
}
