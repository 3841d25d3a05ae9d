package dev.irpo.check;

import dev.irpo.check.step.StepShape;
import dev.irpo.check.step.TrainingWork;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.RunPrograms;
import dev.irpo.plan.StepPrograms;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Compilation;
import dev.irpo.transformer.LlamaConfig;
import java.util.List;

/// Measures which share of a device's rates a training step reaches: how long one takes, with a
/// random model of the given sizes, against the least time of its kernels.
///
/// A model that is too large for that has fewer layers ([StepModel]), and a step that takes too
/// long fewer pairs; what the others would take is more of the same.
public final class TrainingShare {
  /// Of weights, gradients and moments.
  private static final double MOST_BYTES = 5e8;

  /// Of a step at the rates.
  private static final double MOST_SECONDS = 4;

  private static final MedianTime.Limits TIME = new MedianTime.Limits(6, 3);

  private TrainingShare() {}

  /// Measures for half a minute at most.
  ///
  /// @param step what the backend computes in a step
  /// @param keysPerQuery keys that a query meets on average
  /// @param device the rates
  /// @return least time of the step divided by its time
  public static double measure(
      Backend backend,
      LlamaConfig model,
      StepShape step,
      double keysPerQuery,
      Roofline.Device device) {
    LlamaConfig config = StepModel.within(MOST_BYTES, model).config();
    RunPrograms.Training programs = StepPrograms.training(config, TrainingWork.settings(step));
    double ofRow =
        seconds(List.of(programs.microBatch()), keysPerQuery, device) / programs.tokens();
    StepShape timed = step;
    while (timed.pairs() > 1 && timed.tokens() * ofRow > MOST_SECONDS) {
      timed = timed.ofPairs(timed.pairs() / 2);
    }
    TrainingWork work = new TrainingWork(backend, config, timed);
    double seconds = MedianTime.of(TIME, work::step).seconds();
    return (timed.tokens() * ofRow + seconds(programs.updates(), 0, device)) / seconds;
  }

  private static double seconds(
      List<Compilation> programs, double keysPerQuery, Roofline.Device device) {
    return Roofline.of(programs, keysPerQuery, device).seconds();
  }
}
