package dev.irpo.run;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.config.AdapterSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.plan.Cost;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.StageCosts;
import dev.irpo.rollout.Rollout;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.rollout.Turns;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.parallel.Replicas;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Samples responses of M_{t−1} to the problems of a split and grades them, problem by problem;
/// once all are there, files of 100 problems are made of them, the same whoever sampled what.
///
/// Grading has no stage of its own: each row of a file has its reward.
///
/// @param iteration t
/// @param count problems of the split
/// @param needs the stage that makes M_{t−1}
record SampleStage(
    RunConfig config, RunFolder folder, int iteration, Split split, int count, List<Stage> needs)
    implements Stage {
  /// Problems of a part.
  static final int PART_PROBLEMS = 100;

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
  public Optional<NextStage.Count> count(LineCounts lines) throws IOException {
    long done = 0;
    for (int begin = 0; begin < count; begin += PART_PROBLEMS) {
      if (Files.exists(files().part(begin / PART_PROBLEMS))) {
        done += Math.min(PART_PROBLEMS, count - begin);
      }
    }
    for (Path journal : files().journals()) {
      done += lines.of(journal);
    }
    return Optional.of(new NextStage.Count(done, count, "problems"));
  }

  @Override
  public void verify() throws IOException {
    for (Path part : parts()) {
      if (Files.exists(part)) {
        TableReader.verify(part);
      }
    }
  }

  @Override
  public boolean makes(Path path) {
    return parts().contains(path);
  }

  @Override
  public Cost cost(StageCosts costs) {
    PromptCounts counts = costs.of(split);
    long rollouts = costs.rolloutBytes(counts);
    String name = isAgain() ? "sample held-out" : "sample";
    long merged =
        config.adapter().merge() == AdapterSettings.Merge.SAMPLING // a plan takes all t alike
            ? costs.programs().mergedBytes()
            : 0;
    return costs
        .sampling()
        .onDiskForAWhile(merged)
        .inMemory(Purpose.ROLLOUTS, rollouts)
        .onDisk(Purpose.ROLLOUTS, rollouts)
        .doing(costs.sample(name, counts, config.rollouts().perPrompt()));
  }

  @Override
  public boolean isShared() {
    return true;
  }

  /// Whether all parts are there, and no journal of what they are made from.
  @Override
  public boolean isDone() throws IOException {
    return Stage.super.isDone() && JournaledProblems.in(files()).isEmpty();
  }

  /// Also where a process was stopped before it deleted the journals of parts that are all there.
  @Override
  public boolean isMissed() throws IOException {
    boolean hasParts = parts().stream().allMatch(Files::exists);
    return Stage.super.isMissed() || (hasParts && !JournaledProblems.in(files()).isEmpty());
  }

  /// The processes take turns at the problems that are missing; then the first one makes the parts.
  @Override
  public void run(Session session) throws IOException {
    if (session.group().isFirst()) {
      AtomicFiles.createFolders(files().rollouts());
    }
    Missing missing = Missing.ofLine(session.firstSays(() -> missing(session).line()));
    if (!missing.problems.isEmpty()) {
      sample(session, missing);
    }
    session.group().barrier();
    if (session.group().isFirst()) {
      makeParts(session);
    }
  }

  /// What is left to sample.
  ///
  /// @param attempt number of this attempt at the stage
  /// @param problems indices in the split
  private record Missing(int attempt, List<Integer> problems) {
    String line() {
      return attempt
          + problems.stream().map(problem -> " " + problem).collect(Collectors.joining());
    }

    static Missing ofLine(String line) {
      List<Integer> numbers = Arrays.stream(line.split(" ")).map(Integer::valueOf).toList();
      return new Missing(numbers.getFirst(), numbers.subList(1, numbers.size()));
    }
  }

  private Missing missing(Session session) throws IOException {
    JournaledProblems journaled = JournaledProblems.in(files());
    List<Problem> problems = session.problems(split);
    List<Integer> missing = new ArrayList<>();
    for (int index = 0; index < problems.size(); index++) {
      if (!journaled.has(index)
          && !Files.exists(files().part(index / PART_PROBLEMS))
          && session.sampler().fits(problems.get(index))) {
        missing.add(index);
      }
    }
    return new Missing(journaled.attempts() + 1, missing);
  }

  private void sample(Session session, Missing missing) throws IOException {
    int perPrompt = config.rollouts().perPrompt();
    long total = (long) count * perPrompt;
    long before = (long) (count - missing.problems.size()) * perPrompt;
    Replicas replicas = session.replicas();
    RightShare right = new RightShare(config.pairs());
    try (Progress.Bar bar = session.progress().begin(name(), total);
        RolloutJournal journal =
            RolloutJournal.begin(files().rollouts(), missing.attempt, replicas.all().rank())) {
      session.sample(
          iteration,
          sampler ->
              sampler.sample(
                  session.problems(split),
                  session.firstProblem(split),
                  new Turns<>(replicas, missing.problems),
                  plan(),
                  (index, responses) -> {
                    append(journal, replicas, index, responses);
                    right.add(responses);
                  },
                  done ->
                      bar.at(
                          before + done * replicas.data().size(), right.text(), right.metrics())));
      bar.at(total, right.text(), right.metrics());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void append(
      RolloutJournal journal, Replicas replicas, int index, List<Rollout> responses) {
    try {
      if (replicas.speaks()) {
        journal.append(index, responses);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void makeParts(Session session) throws IOException {
    JournaledProblems journaled = JournaledProblems.in(files());
    List<Problem> problems = session.problems(split);
    for (int begin = 0; begin < problems.size(); begin += PART_PROBLEMS) {
      Path file = files().part(begin / PART_PROBLEMS);
      if (!Files.exists(file)) {
        List<Rollout> rollouts = new ArrayList<>();
        for (int i = begin; i < Math.min(problems.size(), begin + PART_PROBLEMS); i++) {
          if (journaled.has(i)) {
            rollouts.addAll(journaled.responses(i));
          }
        }
        TableWriter.writeAll(file, Rollout.SCHEMA, rollouts);
      }
    }
    new MergedModel(config, folder, iteration).delete();
    journaled.delete(); // last: the stage is done then
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
