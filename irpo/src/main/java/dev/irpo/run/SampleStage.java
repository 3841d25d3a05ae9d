package dev.irpo.run;

import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.config.RunConfig;
import dev.irpo.plan.Cost;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.StageCosts;
import dev.irpo.rollout.Rollout;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.transformer.CounterRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Samples responses of M_{t−1} to the problems of a split and grades them, part by part.
///
/// Grading has no stage of its own: a part is a file, which appears when it is complete, and each
/// of its rows has its reward.
///
/// @param iteration t
/// @param count problems of the split
/// @param needs the stage that makes M_{t−1}
record SampleStage(
    RunConfig config, RunFolder folder, int iteration, Split split, int count, List<Stage> needs)
    implements Stage {
  /// Problems of a part; what is lost when a run is killed while sampling.
  private static final int PART_PROBLEMS = 100;

  private boolean isAgain() {
    return split == Split.HELD_OUT;
  }

  @Override
  public String name() {
    return "iteration " + iteration + (isAgain() ? " retrain sample" : " sample");
  }

  /// Where the rollouts lie.
  RolloutFolder files() {
    return isAgain() ? folder.retrainRollouts(iteration) : folder.rollouts(iteration);
  }

  @Override
  public Optional<List<Path>> writes() {
    return Optional.of(parts());
  }

  private List<Path> parts() {
    return IntStream.range(0, Math.ceilDiv(count, PART_PROBLEMS))
        .mapToObj(part -> files().part(part))
        .toList();
  }

  @Override
  public Cost cost(StageCosts costs) {
    PromptCounts counts = costs.of(split);
    long rollouts = costs.rolloutBytes(counts);
    String name = isAgain() ? "sample held-out" : "sample";
    return costs
        .sampling()
        .inMemory(Purpose.ROLLOUTS, rollouts)
        .onDisk(Purpose.ROLLOUTS, rollouts)
        .doing(costs.sample(name, counts, config.rollouts().perPrompt()));
  }

  @Override
  public void run(Session session) throws IOException {
    var _ = session.modelAt(folder.model(iteration - 1));
    List<Problem> problems = session.problems(split);
    int perPrompt = config.rollouts().perPrompt();
    long total = (long) problems.size() * perPrompt;
    try (Progress.Bar bar = session.progress().begin(name(), total)) {
      for (int begin = 0; begin < problems.size(); begin += PART_PROBLEMS) {
        int end = Math.min(problems.size(), begin + PART_PROBLEMS);
        Path file = files().part(begin / PART_PROBLEMS);
        if (!Files.exists(file)) {
          long before = (long) begin * perPrompt;
          List<Rollout> sampled =
              session
                  .sampler()
                  .sample(
                      problems.subList(begin, end),
                      session.firstProblem(split) + begin,
                      plan(),
                      done -> bar.at(before + done, ""));
          TableWriter.writeAll(file, Rollout.SCHEMA, sampled);
        }
        bar.at((long) end * perPrompt, "");
      }
    }
  }

  private RolloutSampler.Plan plan() {
    return new RolloutSampler.Plan(
        config.rollouts().perPrompt(),
        config.rollouts().temperatureOf(iteration),
        config.rollouts().topK(),
        config.rollouts().topP(),
        config.rollouts().maxNewTokens(),
        CounterRandom.key(config.seed(), "rollouts"),
        iteration);
  }

  /// All rollouts, once they are there.
  List<Rollout> rollouts() throws IOException {
    List<Rollout> all = new ArrayList<>();
    for (Path part : parts()) {
      all.addAll(TableReader.readAll(part, Rollout::of));
    }
    return all;
  }
}
