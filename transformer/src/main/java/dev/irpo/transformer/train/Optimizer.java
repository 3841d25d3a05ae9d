package dev.irpo.transformer.train;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.op.AdamW;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.SquaredNorm;
import dev.irpo.tensor.op.StoreNarrowed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// AdamW over the trained parameters that this process updates, all of them where one process
/// trains, see [dev.irpo.tensor.kernel.OptimizerKernels#adamW].
///
/// Its state is two buffers in the layout of these parameters and the number of steps taken, and a
/// third buffer where programs read rounded parameters; storing these and the parameters is enough
/// to resume to the bit.
public final class Optimizer {
  private final AdamWSettings settings;
  private final TrainedParameters parameters;
  private final ShardedLayout layout;
  private final Buffer firstMoment;
  private final Buffer secondMoment;
  private final Program norms;
  private final Map<Tensor, Integer> parts = new LinkedHashMap<>();
  private final Program update;
  private final Optional<Tensor> roundedNorm;
  private final Buffer schedule;
  private final Buffer squaredNorm;
  private long stepsTaken;

  /// @param gradient of what this process updates
  Optimizer(
      Backend backend,
      TrainedParameters parameters,
      ShardedLayout layout,
      List<OwnedStretch> stretches,
      GradientSum gradient,
      AdamWSettings settings) {
    this.settings = settings;
    this.parameters = parameters;
    this.layout = layout;
    firstMoment = backend.allocate(layout.numOwned());
    secondMoment = backend.allocate(layout.numOwned());
    Map<String, Buffer> variables = new HashMap<>();
    Graph normGraph = new Graph();
    Map<Place, Tensor> placeNorms = new LinkedHashMap<>();
    List<Tensor> roundedNorms = new ArrayList<>();
    Graph graph = new Graph();
    Tensor scheduleTensor = graph.input("schedule", DType.F32, Shape.of(3));
    Tensor normTensor = graph.input("squaredNorm", DType.F32, Shape.of());
    for (OwnedStretch stretch : stretches) {
      variables.put(stretch.name("param"), parameters.owned(stretch));
      variables.put(
          stretch.name("firstMoment"), stretch.of(firstMoment, stretch.offsetInMoments()));
      variables.put(
          stretch.name("secondMoment"), stretch.of(secondMoment, stretch.offsetInMoments()));
      variables.put(
          stretch.name("gradient"),
          stretch.of(gradient.owned(stretch.bucket()), stretch.offsetInBucket()));
      Tensor norm = squaredNorm(stretch, normGraph);
      placeNorms.merge(new Place(stretch.bucket(), stretch.part()), norm, Add::add);
      Tensor param = stretch.variable(graph, "param");
      new AdamW(settings)
          .update(
              param,
              stretch.variable(graph, "firstMoment"),
              stretch.variable(graph, "secondMoment"),
              stretch.variable(graph, "gradient"),
              normTensor,
              scheduleTensor);
      Optional<Buffer> rounded = parameters.rounded(stretch);
      if (rounded.isPresent()) {
        variables.put(stretch.name("rounded"), rounded.get());
        StoreNarrowed.storeNarrowed(
            stretch.variable(graph, "rounded", rounded.get().dtype()), param);
        roundedNorms.add(SquaredNorm.squaredNorm(param));
      }
    }
    roundedNorm = roundedNorms.stream().reduce(Add::add);
    roundedNorm.ifPresent(graph::output);
    placeNorms.forEach((place, tensor) -> {
      normGraph.output(tensor);
      parts.put(tensor, place.part());
    });
    norms = backend.compile(normGraph, variables);
    update = backend.compile(graph, variables);
    schedule = update.buffer(scheduleTensor);
    squaredNorm = update.buffer(normTensor);
  }

  /// Of the process's share in the sum over all that hold the model, in which the gradient of what
  /// several of them have must count once.
  private static Tensor squaredNorm(OwnedStretch stretch, Graph graph) {
    Tensor norm = SquaredNorm.squaredNorm(stretch.variable(graph, "gradient"));
    return stretch.copies() == 1 ? norm : Scale.scale(norm, 1.0 / stretch.copies());
  }

  private record Place(int bucket, int part) {}

  /// The squared norms of the gradient's parts that this process has, by the number of the part:
  /// sums over the buckets in their order. They add up to the whole one over all parts and over the
  /// processes that hold the model together.
  Map<Integer, Double> squaredNorms() {
    norms.run();
    Map<Integer, Double> values = new TreeMap<>();
    parts.forEach((tensor, part) -> values.merge(part, norms.buffer(tensor).get(0), Double::sum));
    return values;
  }

  /// The squared norm of the whole gradient in the precision in which it is computed with.
  double wholeSquaredNorm(double sum) {
    squaredNorm.set(0, sum);
    return squaredNorm.get(0);
  }

  /// One step from the gradient whose norm was given last.
  ///
  /// @param rate learning rate of this step
  /// @return the squared norm of the masters in single precision, if the step has
  ///   [rounded][TrainedParameters#rounded] them
  OptionalDouble step(double rate) {
    stepsTaken++;
    schedule.set(0, rate);
    schedule.set(1, 1 - StrictMath.pow(settings.beta1(), (double) stepsTaken));
    schedule.set(2, 1 - StrictMath.pow(settings.beta2(), (double) stepsTaken));
    update.run();
    return roundedNorm.isPresent()
        ? OptionalDouble.of(update.buffer(roundedNorm.get()).get(0))
        : OptionalDouble.empty();
  }

  /// Which trained parameters this process updates, in whose order it has their moments.
  public ShardedLayout layout() {
    return layout;
  }

  /// The programs of a step: the norm of the gradient, and the update.
  public List<Program> programs() {
    return List.of(norms, update);
  }

  /// Clears the moments and returns to step 0.
  void reset() {
    firstMoment.clear();
    secondMoment.clear();
    setSteps(0);
  }

  /// First moment, the running mean of gradients, of [ShardedLayout#owned()].
  public Buffer firstMoment() {
    return firstMoment;
  }

  /// Second moment, the running mean of squared gradients, of [ShardedLayout#owned()].
  public Buffer secondMoment() {
    return secondMoment;
  }

  /// Steps that the two moments have seen.
  public long stepsTaken() {
    return stepsTaken;
  }

  /// Single-precision parameters of [ShardedLayout#owned()], if those that programs read are
  /// rounded.
  public Optional<Buffer> masters() {
    return parameters.masters();
  }

  /// Resumes from a stored state, after its moments, and masters if there are any, were copied in.
  public void resumeAfter(long steps) {
    parameters.resumed();
    setSteps(steps);
  }

  private void setSteps(long steps) {
    firstMoment.markChanged();
    secondMoment.markChanged();
    stepsTaken = steps;
  }
}
