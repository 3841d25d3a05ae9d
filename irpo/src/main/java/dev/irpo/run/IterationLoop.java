package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.model.Backends;
import dev.irpo.model.LanguageModel;
import dev.irpo.provenance.ProgramStart;
import dev.irpo.provenance.StartsFile;
import dev.irpo.rollout.Prompts;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.train.Division;
import dev.irpo.train.Training;
import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.parallel.Replicas;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Iterative Reasoning Preference Optimization (arXiv:2404.19733, figure 1): M_0 → M_1 → …
///
/// Runs the stages of [RunStages] in their order, each unless its result is in the run folder, so
/// an interrupted run resumes where it was.
public final class IterationLoop {
  private final RunFolder folder;
  private final Backend backend;
  private final Group group;
  private final Replicas replicas;
  private final Progress progress;
  private final RunStages stages;
  private final Session session;
  private final String backendText;
  private boolean isNoted;
  private String place = "";

  /// A run in a folder that [RunFolder#open] has opened and where M_0 lies.
  public IterationLoop(RunConfig config, RunFolder folder, Backend backend, Progress progress)
      throws IOException {
    this(config, folder, backend, Group.alone(), progress, Optional.empty());
  }

  /// The same in one of several processes, which all run it, with M_0's prompts, as far as they are
  /// made already.
  public IterationLoop(
      RunConfig config,
      RunFolder folder,
      Backend backend,
      Group group,
      Progress progress,
      Optional<Prompts> made)
      throws IOException {
    this.folder = folder;
    this.backend = backend;
    this.group = group;
    this.progress = progress;
    replicas = Division.of(config, group);
    backendText = Backends.describe(config.compute(), backend);
    LanguageModel model =
        Training.open(config, backend, replicas, folder.model(0), Optional.empty());
    Prompts prompts = made.orElseGet(() -> Prompts.of(config, model.text(), model.config()));
    Map<Split, List<Problem>> problems = new EnumMap<>(Split.class);
    Map<Split, Integer> counts = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      problems.put(split, prompts.problems(split));
      counts.put(split, problems.get(split).size());
    }
    stages = new RunStages(config, folder, counts);
    session = new Session(config, folder, backend, replicas, model, prompts, problems, this::begin);
  }

  /// Checks what is there and runs all stages that are not done. Damaged files that a stage can
  /// make again are put aside, and it does.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException of a file that cannot be made again
  /// @throws NotFiniteException naming the stage and the problem for which a model's numbers are
  ///   not finite
  public void run() throws IOException {
    run(stages::pending);
  }

  /// The same up to M_t, without evaluations on the test problems.
  ///
  /// @param iteration t
  public void runTo(int iteration) throws IOException {
    run(() -> stages.pendingTo(iteration));
  }

  private void run(Session.Reading<List<Stage>> wanted) throws IOException {
    session.first(() -> {
      var _ = folder.noteBackend(Session.backendName(replicas, backend));
    });
    List<Stage> all = stages.all();
    Repairs repairs = new Repairs(folder, all, session);
    repairs.repeat(() -> session.first(() -> verify(all)));
    repairs.repeat(() -> {
      for (int number : session.firstCounts(() -> numbers(wanted.get(), all))) {
        place = "%d/%d ".formatted(number + 1, all.size());
        noteStart();
        run(all.get(number));
      }
      session.first(stages::prune);
    });
  }

  /// Before the first stage that this process runs; a finished run is left as it is.
  private void noteStart() throws IOException {
    if (!isNoted) {
      isNoted = true;
      session.first(
          () -> StartsFile.in(folder.root()).add(ProgramStart.now(group.size(), backendText)));
    }
  }

  private static void verify(List<Stage> all) throws IOException {
    for (Stage stage : all) {
      stage.verify();
    }
  }

  /// Runs a stage in all processes or in the first one; what it wrote is there for all.
  private void run(Stage stage) throws IOException {
    try {
      if (stage.isShared()) {
        stage.run(session);
        group.barrier();
      } else {
        session.first(() -> stage.run(session));
      }
    } catch (NotFiniteException e) {
      throw e.in(stage.name());
    }
  }

  private static List<Integer> numbers(List<Stage> some, List<Stage> all) {
    return some.stream().map(all::indexOf).toList();
  }

  /// Shows which stage of how many it is.
  private Progress.Bar begin(String stage, long total) {
    return progress.begin(place + stage, total);
  }
}
