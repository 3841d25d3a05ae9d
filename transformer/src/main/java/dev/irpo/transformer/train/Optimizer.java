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
import dev.irpo.tensor.op.Clear;
import dev.irpo.tensor.op.SquaredNorm;
import dev.irpo.transformer.Parameters;
import java.util.Map;

/// AdamW over the flat parameters, see [dev.irpo.tensor.kernel.OptimizerKernels#adamW].
///
/// Its state is two buffers in the layout of the parameters and the number of steps taken; storing
/// these and the parameters is enough to go on to the bit.
public final class Optimizer {
  private final AdamWSettings settings;
  private final Buffer firstMoment;
  private final Buffer secondMoment;
  private final Program program;
  private final Buffer schedule;
  private final Buffer squaredNorm;
  private long stepsTaken;

  Optimizer(Backend backend, Parameters parameters, Buffer gradient, AdamWSettings settings) {
    this.settings = settings;
    long n = parameters.layout().numElements();
    firstMoment = backend.allocate(n);
    secondMoment = backend.allocate(n);
    Graph graph = new Graph();
    Shape shape = Shape.of(n);
    Tensor gradientTensor = graph.variable("gradient", shape);
    Tensor norm = SquaredNorm.squaredNorm(gradientTensor);
    Tensor scheduleTensor = graph.input("schedule", DType.F32, Shape.of(3));
    new AdamW(settings)
        .update(
            graph.variable("param", shape),
            graph.variable("firstMoment", shape),
            graph.variable("secondMoment", shape),
            gradientTensor,
            norm,
            scheduleTensor);
    Clear.clear(gradientTensor);
    graph.output(norm);
    program =
        backend.compile(
            graph,
            Map.of(
                "param",
                parameters.flat(),
                "firstMoment",
                firstMoment,
                "secondMoment",
                secondMoment,
                "gradient",
                gradient));
    schedule = program.buffer(scheduleTensor);
    squaredNorm = program.buffer(norm);
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

  /// Forgets all steps.
  void reset() {
    firstMoment.clear();
    secondMoment.clear();
    resumeAfter(0);
  }

  /// First moment, the running mean of gradients, in the layout of the parameters.
  public Buffer firstMoment() {
    return firstMoment;
  }

  /// Second moment, the running mean of squared gradients, in the layout of the parameters.
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
