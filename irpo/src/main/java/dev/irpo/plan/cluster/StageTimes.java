package dev.irpo.plan.cluster;

import dev.irpo.config.RunConfig;
import dev.irpo.plan.RunPlan;
import dev.irpo.plan.Work;
import dev.irpo.transformer.LlamaConfig;
import java.util.ArrayList;
import java.util.List;

/// How long stages take on a cluster whose groups of `samplingRanks` processors sample and score by
/// themselves.
record StageTimes(
    RunConfig config,
    LlamaConfig model,
    Cluster cluster,
    Strategy strategy,
    int samplingRanks,
    SimulatedStep step) {
  /// Sums of the residual stream in a layer's forward pass.
  private static final int SUMS_OF_A_LAYER = 2;

  /// Those that take time.
  List<SimulatedRun.Stage> of(List<RunPlan.Row> rows) {
    List<SimulatedRun.Stage> stages = new ArrayList<>();
    for (RunPlan.Row row : rows) {
      Work work = row.work();
      double seconds = seconds(work);
      if (seconds > 0) {
        stages.add(new SimulatedRun.Stage(work.name(), work.items(), work.unit(), seconds));
      }
    }
    return stages;
  }

  private double seconds(Work work) {
    return switch (work.kind()) {
      case SAMPLE -> forward(work, config.rollouts().slots());
      case SCORE -> forward(work, config.train().tokenBudget());
      case PAIR -> 0;
      case TRAIN -> work.items() * step.seconds();
    };
  }

  /// Forward passes, dealt out to the groups.
  ///
  /// @param rows tokens of a run of the program
  private double forward(Work work, int rows) {
    double groups = cluster.size() / (double) samplingRanks;
    double runs = Math.ceil(work.tokens() / groups / rows);
    int sums = SUMS_OF_A_LAYER * model.numLayers();
    double bytes = (double) sums * rows * model.embedDim() * strategy.precision().activationBytes();
    Transfer ofRun = cluster.allReduce(new Ranks(samplingRanks, samplingRanks), bytes, sums);
    return work.amount().seconds() / groups + runs * ofRun.seconds();
  }
}
