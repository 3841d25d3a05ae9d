package dev.irpo.run;

import dev.irpo.config.AdapterSettings;
import dev.irpo.config.PairSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.plan.Cost;
import dev.irpo.plan.RunPlan;
import dev.irpo.plan.StageCosts;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.tensor.Backend;
import dev.irpo.train.PreferenceTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// All stages of a run in their order, made once from its configuration: the loop runs them, a plan
/// adds up their costs, and progress counts them. This is where stages are put together.
public final class RunStages {
  /// State of an iteration that has nothing left to do.
  public static final String FINISHED = "finished";

  private final RunConfig config;
  private final RunFolder folder;
  private final Map<Split, Integer> problems;
  private final List<Stage> start;
  private final List<List<Stage>> iterations = new ArrayList<>();

  /// The stages of a run.
  ///
  /// @param problems how many there are in each split
  public RunStages(RunConfig config, RunFolder folder, Map<Split, Integer> problems) {
    this.config = config;
    this.folder = folder;
    this.problems = problems;
    requireRejected(config);
    requireMeasurable(config);
    requireAdapter(config);
    start = evaluation(0, List.of());
    List<Stage> before = List.of();
    for (int iteration = 1; iteration <= config.iterations(); iteration++) {
      List<Stage> stages = new ArrayList<>();
      KeepStage keep = iteration(iteration, before, stages);
      before = List.of(keep);
      stages.addAll(evaluation(iteration, before));
      iterations.add(stages);
    }
  }

  private static void requireRejected(RunConfig config) {
    if (config.pairs().source() == PairSettings.Source.GOLD
        && PreferenceTraining.reads(config).responses() > 1) {
      throw new IllegalArgumentException(
          "pairs.source=gold has no rejected responses, which loss.kind %s reads; set loss.kind=sft"
              .formatted(config.loss().kind().name().toLowerCase(Locale.ROOT)));
    }
  }

  private static void requireMeasurable(RunConfig config) {
    if (config.pairs().source() == PairSettings.Source.GOLD && config.evaluate().pairs() > 0) {
      throw new IllegalArgumentException(
          "pairs.source=gold has no rejected responses to measure; set evaluate.pairs=0");
    }
  }

  private static void requireAdapter(RunConfig config) {
    AdapterSettings.Merge merge = config.adapter().merge();
    if (merge != AdapterSettings.Merge.NEVER && config.adapter().rank() == 0) {
      throw new IllegalArgumentException(
          "adapter.merge=%s merges an adapter, and adapter.rank=0 trains none; set adapter.rank=16"
              .formatted(merge.name().toLowerCase(Locale.ROOT)));
    }
    MergedModel.requireMapping(config);
  }

  /// The stages of a run on a task's problems.
  ///
  /// @throws IOException if a file of the task cannot be read
  /// @throws IllegalArgumentException if a file's content is not what the task expects
  public static RunStages of(RunConfig config, RunFolder folder, Task task) throws IOException {
    Map<Split, Integer> problems = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      problems.put(split, task.problems(split).size());
    }
    return new RunStages(config, folder, problems);
  }

  /// One iteration, from M_{t−1} to M_t (arXiv:2404.19733, figure 1): sample and grade → pair →
  /// train → choose; then once more with the held-out problems, if they are to be trained on too.
  ///
  /// @param before what makes M_{t−1}
  /// @param stages gets them all
  private KeepStage iteration(int iteration, List<Stage> before, List<Stage> stages) {
    SampleStage sample = sample(iteration, Split.TRAIN, before);
    PairStage pair = new PairStage(config, sample, Optional.empty());
    Optional<HeldOut> heldOut =
        chooses() ? Optional.of(new HeldOut(config, folder, iteration)) : Optional.empty();
    TrainStage train = new TrainStage(config, folder, pair, Optional.empty(), heldOut);
    stages.addAll(List.of(sample, pair, train));
    if (config.evaluate().pairs() > 0) {
      stages.add(new LogProbStage(config, folder, pair, train));
    }
    if (heldOut.isEmpty()) {
      return kept(new KeepStage(folder, iteration, train, Optional.empty()), stages);
    }
    ChooseStage choose = new ChooseStage(folder, iteration, train, heldOut.get(), retrains());
    stages.add(choose);
    if (!retrains()) {
      return kept(new KeepStage(folder, iteration, train, Optional.of(choose)), stages);
    }
    SampleStage others = sample(iteration, Split.HELD_OUT, before);
    PairStage all = new PairStage(config, others, Optional.of(pair));
    TrainStage again = new TrainStage(config, folder, all, Optional.of(choose), Optional.empty());
    stages.addAll(List.of(others, all, again));
    return kept(new KeepStage(folder, iteration, again, Optional.empty()), stages);
  }

  private static KeepStage kept(KeepStage keep, List<Stage> stages) {
    stages.add(keep);
    return keep;
  }

  private SampleStage sample(int iteration, Split split, List<Stage> before) {
    boolean samples = config.pairs().source() == PairSettings.Source.ROLLOUTS;
    int count = samples ? problems.get(split) : 0;
    return new SampleStage(config, folder, iteration, split, count, before);
  }

  private List<Stage> evaluation(int iteration, List<Stage> before) {
    return problems.get(Split.TEST) == 0
        ? List.of()
        : List.of(new EvaluateStage(config, folder, iteration, before));
  }

  /// Whether held-out problems choose a checkpoint.
  private boolean chooses() {
    return problems.get(Split.HELD_OUT) > 0 && config.train().evaluateEverySteps() > 0;
  }

  /// Whether they are trained on once they have chosen.
  private boolean retrains() {
    return chooses() && config.train().retrainWithHeldOut() && config.task().holdsOutOfTrain();
  }

  /// What the run takes.
  public RunPlan plan(StageCosts costs, Backend backend) {
    return RunPlan.of(
        config,
        costs.programs(),
        start.stream().map(stage -> stage.cost(costs)).toList(),
        iterations.getFirst().stream().map(stage -> stage.cost(costs)).toList(),
        backend);
  }

  /// What each stage of an iteration costs.
  public List<Cost> costs(StageCosts costs) {
    return iterations.getFirst().stream().map(stage -> stage.cost(costs)).toList();
  }

  /// All stages in their order.
  List<Stage> all() {
    List<Stage> all = new ArrayList<>(start);
    iterations.forEach(all::addAll);
    return all;
  }

  /// Deletes the checkpoints of all trainings that need not stay.
  void prune() throws IOException {
    for (Stage stage : all()) {
      if (stage instanceof TrainStage train) {
        train.prune();
      }
    }
  }

  /// The stages that must still run to make M_t and to measure its training, in their order.
  ///
  /// @param iteration t
  List<Stage> pendingTo(int iteration) throws IOException {
    Set<Stage> wanted = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Stage stage : all()) {
      boolean isOutcome =
          switch (stage) {
            case KeepStage keep -> keep.iteration() <= iteration;
            case LogProbStage measured -> measured.iteration() <= iteration;
            default -> false;
          };
      if (isOutcome) {
        want(stage, wanted);
      }
    }
    return all().stream().filter(wanted::contains).toList();
  }

  /// The stages that must still run, in their order: what is measured, and the models that it or
  /// the next iteration wants, and whatever those need that is not there; also stages that have to
  /// make a damaged file again.
  List<Stage> pending() throws IOException {
    Set<Stage> wanted = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Stage stage : all()) {
      boolean isOutcome =
          stage instanceof EvaluateStage
              || stage instanceof LogProbStage
              || stage instanceof KeepStage;
      if (isOutcome || stage.isMissed()) {
        want(stage, wanted);
      }
    }
    return all().stream().filter(wanted::contains).toList();
  }

  /// What each iteration has still to do, from the first on, for people.
  ///
  /// @throws IOException if a file that tells cannot be read
  public List<String> states() throws IOException {
    Set<Stage> pending = Collections.newSetFromMap(new IdentityHashMap<>());
    pending.addAll(pending());
    List<String> states = new ArrayList<>();
    for (int t = 1; t <= iterations.size(); t++) {
      List<Stage> left = iterations.get(t - 1).stream().filter(pending::contains).toList();
      boolean isBegun = Files.exists(folder.iteration(t));
      states.add(left.isEmpty() ? FINISHED : isBegun ? state(left) : "not begun");
    }
    return states;
  }

  /// The first stage that must still run; none once the run is over.
  ///
  /// @param lines of files that grow, kept from call to call
  /// @throws IOException if a file that tells cannot be read
  public Optional<NextStage> next(LineCounts lines) throws IOException {
    List<Stage> all = all();
    List<Stage> pending = pending();
    if (pending.isEmpty()) {
      return Optional.empty();
    }
    Stage next = pending.getFirst();
    return Optional.of(
        new NextStage(
            next.name(),
            all.indexOf(next) + 1,
            all.size(),
            pending.size(),
            next.count(lines).orElse(null)));
  }

  private static String state(List<Stage> left) throws IOException {
    Stage next = left.getFirst();
    String progress = next.progress();
    return "%d %s left, next: %s%s"
        .formatted(
            left.size(),
            left.size() == 1 ? "stage" : "stages",
            next.name(),
            progress.isEmpty() ? "" : " (" + progress + ")");
  }

  private static void want(Stage stage, Set<Stage> wanted) throws IOException {
    if (!wanted.contains(stage) && (!stage.isDone() || stage.isMissed())) {
      wanted.add(stage);
      for (Stage need : stage.needs()) {
        want(need, wanted);
      }
    }
  }
}
