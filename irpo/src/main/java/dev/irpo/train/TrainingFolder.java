package dev.irpo.train;

import dev.irpo.checkpoints.arrow.BaseModel;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// Where a training lies:
///
/// ```text
/// config.yaml         the configuration
/// inputs.json         checksums of the model and the data
/// metrics.jsonl       a line per step
/// checkpoints/step-N/ trained parameters, optimizer
/// model/              the outcome
/// ```
///
/// @param start the model that the training begins with; checkpoints refer to it for parameters
///   that are not trained
public record TrainingFolder(Path root, Path start) {
  /// Name of the file with a line for each step.
  public static final String METRICS = "metrics.jsonl";

  /// What the name of a checkpoint's folder begins with; its step follows.
  public static final String CHECKPOINT = "step-";

  /// A line for each step.
  public Path metrics() {
    return root.resolve(METRICS);
  }

  /// All checkpoints.
  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /// A checkpoint.
  public Path checkpoint(int step) {
    return checkpoints().resolve(CHECKPOINT + step);
  }

  /// The outcome.
  public Path model() {
    return root.resolve("model");
  }

  /// Step of the last checkpoint, if there is one.
  public Optional<Integer> lastStep() throws IOException {
    return Checkpoint.lastStep(checkpoints());
  }

  /// Refuses a training that is finished.
  ///
  /// @throws FileAlreadyExistsException if its model is there
  public void requireUnfinished() throws FileAlreadyExistsException {
    if (Files.exists(model())) {
      throw new FileAlreadyExistsException(
          model() + ": this training is finished; choose another --out");
    }
  }

  /// Starts a training outside a run, or resumes one.
  ///
  /// @param inputs files and folders by the options that named them
  /// @throws IllegalArgumentException if the folder holds a training of another configuration or of
  ///   other inputs, or something that is no training
  public void open(RunConfig config, SequencedMap<String, Path> inputs) throws IOException {
    ConfigFile.open(root, config, "training");
    InputsFile.open(root, inputs);
  }

  /// Resumes from the last checkpoint, all processes from the same.
  ///
  /// @return false if there is none
  public boolean resume(Training<?> training) throws IOException {
    Group group = training.group();
    String own = group.isFirst() ? lastStep().map(String::valueOf).orElse("") : "";
    String step = SharedText.ofFirst(group, own);
    if (!step.isEmpty()) {
      training.resume(checkpoint(Integer.parseInt(step)), training.base(start));
    }
    return !step.isEmpty();
  }

  /// Trains to the end, with a checkpoint there and each time one is due.
  ///
  /// @param every steps between checkpoints, of several reasons for one; 0: none
  public void run(Training<?> training, Training.Listener listener, int... every)
      throws IOException {
    runTo(training.totalSteps(), training, listener, every);
  }

  /// The same up to a step.
  public void runTo(int lastStep, Training<?> training, Training.Listener listener, int... every)
      throws IOException {
    if (!training.group().isFirst()) {
      trainTo(lastStep, training, _ -> {}, () -> {}, every);
      return;
    }
    try (MetricsFile metrics = MetricsFile.continueAt(metrics(), training.step())) {
      trainTo(
          lastStep,
          training,
          line -> {
            metrics.append(line);
            listener.stepped(line);
          },
          metrics::sync,
          every);
    }
  }

  /// What comes before a checkpoint.
  private interface BeforeCheckpoint {
    void run() throws IOException;
  }

  private void trainTo(
      int lastStep,
      Training<?> training,
      Training.Listener listener,
      BeforeCheckpoint before,
      int... every)
      throws IOException {
    Optional<BaseModel> base = training.base(start);
    while (training.step() < lastStep) {
      training.runTo(nextStop(training.step(), lastStep, every), listener);
      before.run();
      training.save(checkpoint(training.step()), base);
    }
  }

  /// The steps of all checkpoints of a training.
  public static List<Integer> stops(int total, int... every) {
    List<Integer> stops = new ArrayList<>();
    for (int step = 0; step < total; ) {
      step = nextStop(step, total, every);
      stops.add(step);
    }
    return stops;
  }

  /// The step of the next checkpoint.
  public static int nextStop(int step, int total, int... every) {
    int next = total;
    for (int steps : every) {
      next = steps == 0 ? next : Math.min(next, (step / steps + 1) * steps);
    }
    return next;
  }
}
