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
import dev.irpo.tensor.op.Clear;
import dev.irpo.tensor.op.SquaredNorm;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// AdamW over the trained parameters, see [dev.irpo.tensor.kernel.OptimizerKernels#adamW].
///
/// Its state is two buffers in the layout of these parameters and the number of steps taken;
/// storing these and the parameters is enough to resume to the bit.
public final class Optimizer {
  private final AdamWSettings settings;
  private final ParameterLayout trained;
  private final Buffer firstMoment;
  private final Buffer secondMoment;
  private final Program program;
  private final Buffer schedule;
  private final Buffer squaredNorm;
  private long stepsTaken;

  /// @param gradient in the layout `trained`
  Optimizer(
      Backend backend,
      Parameters parameters,
      ParameterLayout trained,
      Buffer gradient,
      AdamWSettings settings) {
    this.settings = settings;
    this.trained = trained;
    firstMoment = backend.allocate(trained.numElements());
    secondMoment = backend.allocate(trained.numElements());
    Graph graph = new Graph();
    Map<String, Buffer> variables = new HashMap<>();
    List<Step> steps = new ArrayList<>();
    Tensor norm = null;
    for (ParameterLayout.Stretch stretch : trained.stretchesOf(parameters.layout())) {
      String suffix = steps.isEmpty() ? "" : " " + steps.size();
      Shape shape = Shape.of(stretch.numElements());
      variables.put("param" + suffix, slice(parameters.flat(), stretch.offsetInWhole(), stretch));
      variables.put("firstMoment" + suffix, slice(firstMoment, stretch.offset(), stretch));
      variables.put("secondMoment" + suffix, slice(secondMoment, stretch.offset(), stretch));
      variables.put("gradient" + suffix, slice(gradient, stretch.offset(), stretch));
      Step step = new Step(suffix, graph.variable("gradient" + suffix, shape), shape);
      Tensor ofStretch = SquaredNorm.squaredNorm(step.gradient);
      norm = norm == null ? ofStretch : Add.add(norm, ofStretch);
      steps.add(step);
    }
    Tensor scheduleTensor = graph.input("schedule", DType.F32, Shape.of(3));
    for (Step step : steps) {
      new AdamW(settings)
          .update(
              graph.variable("param" + step.suffix, step.shape),
              graph.variable("firstMoment" + step.suffix, step.shape),
              graph.variable("secondMoment" + step.suffix, step.shape),
              step.gradient,
              norm,
              scheduleTensor);
      Clear.clear(step.gradient);
    }
    graph.output(norm);
    program = backend.compile(graph, variables);
    schedule = program.buffer(scheduleTensor);
    squaredNorm = program.buffer(norm);
  }

  /// The update of one stretch of parameters.
  private record Step(String suffix, Tensor gradient, Shape shape) {}

  private static Buffer slice(Buffer flat, long offset, ParameterLayout.Stretch stretch) {
    return flat.slice(offset, stretch.numElements());
  }

  /// One step from the gathered gradient, which is zero afterwards.
  ///
  /// @param rate learning rate of this step
  /// @return the global norm of the gradient before clipping
  double step(double rate) {
    stepsTaken++;
    schedule.set(0, rate);
    schedule.set(1, 1 - StrictMath.pow(settings.beta1(), (double) stepsTaken));
    schedule.set(2, 1 - StrictMath.pow(settings.beta2(), (double) stepsTaken));
    program.run();
    return Math.sqrt(squaredNorm.get(0));
  }

  /// The trained parameters, in whose layout the moments are.
  public ParameterLayout layout() {
    return trained;
  }

  /// The program of a step.
  public Program program() {
    return program;
  }

  /// Clears the moments and returns to step 0.
  void reset() {
    firstMoment.clear();
    secondMoment.clear();
    resumeAfter(0);
  }

  /// First moment, the running mean of gradients, in [#layout()].
  public Buffer firstMoment() {
    return firstMoment;
  }

  /// Second moment, the running mean of squared gradients, in [#layout()].
  public Buffer secondMoment() {
    return secondMoment;
  }

  /// Steps that the two moments have seen.
  public long stepsTaken() {
    return stepsTaken;
  }

  /// Resumes from a stored state, after its moments were copied in.
  public void resumeAfter(long steps) {
    firstMoment.markChanged();
    secondMoment.markChanged();
    stepsTaken = steps;
  }
}
