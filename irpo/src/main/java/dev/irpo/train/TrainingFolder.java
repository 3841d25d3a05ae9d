package dev.irpo.train;

import dev.irpo.checkpoints.arrow.BaseModel;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/// Where a training lies:
///
/// ```text
/// config.yaml         the configuration
/// inputs.json         checksums of the model and the data
/// starts.jsonl        a line for each start of the program that worked on it
/// metrics.jsonl       a line per step, and an events file with the same numbers for TensorBoard
/// checkpoints/step-N/ trained parameters, optimizer
/// model/              the outcome
/// ```
///
/// @param start the model that the training begins with; checkpoints refer to it for parameters
///   that are not trained
public record TrainingFolder(Path root, Path start) {
  private static final System.Logger LOG = System.getLogger(TrainingFolder.class.getName());

  /// Name of the file with a line for each step.
  public static final String METRICS = "metrics.jsonl";

  /// Name of the file with the checksums of what a training outside a run began with.
  public static final String INPUTS = "inputs.json";

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
    SortedSet<Integer> steps = Checkpoint.steps(checkpoints());
    return steps.isEmpty() ? Optional.empty() : Optional.of(steps.last());
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
  /// @param lock of the folder, which is taken
  /// @throws IllegalArgumentException if the folder holds a training of another configuration or of
  ///   other inputs, or something that is no training, or if another process works there
  public void open(RunConfig config, SequencedMap<String, Path> inputs, FolderLock lock)
      throws IOException {
    ConfigFile.open(root, config, "training", lock);
    InputsFile.open(root, inputs);
  }

  /// Resumes, all processes alike, from the last good checkpoint from which all is made that is
  /// missing: needed checkpoints, and lines of metrics up to the last checkpoint. The first process
  /// verifies, and puts damaged checkpoints on the way aside with a warning.
  ///
  /// @return its step; 0 if there is none, and the model is as it was
  public int resume(Training<?> training, CheckpointPlan plan, SeenChecksums seen)
      throws IOException {
    Group group = training.group();
    String found = group.isFirst() ? String.valueOf(lastGood(plan, seen)) : "";
    int step = Integer.parseInt(SharedText.ofFirst(group, found));
    if (step > 0) {
      training.resume(checkpoint(step), training.base(start));
    }
    return step;
  }

  private int lastGood(CheckpointPlan plan, SeenChecksums seen) throws IOException {
    int lines = MetricsFile.wholeLines(metrics());
    int last = lastStep().orElse(0);
    if (lines < last) {
      warnOfMetrics(lines, last);
    }
    for (int step : Checkpoint.steps(checkpoints()).reversed()) {
      boolean isBefore = missing(plan).isEmpty() || step < missing(plan).first();
      if (isBefore && step <= lines && isGood(checkpoint(step), seen)) {
        return step;
      }
    }
    return 0;
  }

  private static boolean isGood(Path checkpoint, SeenChecksums seen) throws IOException {
    try {
      Checkpoint.verify(checkpoint, seen);
      return true;
    } catch (DamagedException e) {
      Path aside = DamagedFiles.putAside(checkpoint);
      LOG.log(
          System.Logger.Level.WARNING,
          "%s; kept as %s, resuming from the checkpoint before it"
              .formatted(e.fact(), aside.getFileName()));
      return false;
    }
  }

  private void warnOfMetrics(int lines, int last) throws IOException {
    String kept =
        Files.exists(metrics())
            ? "kept as " + DamagedFiles.keepCopy(metrics()).getFileName() + ", "
            : "";
    LOG.log(
        System.Logger.Level.WARNING,
        "%s: has %d whole lines where checkpoint %s was written after %d; %sthe others are made again"
            .formatted(metrics(), lines, checkpoint(last).getFileName(), last, kept));
  }

  /// Needed checkpoints that are not there.
  private SortedSet<Integer> missing(CheckpointPlan plan) {
    SortedSet<Integer> missing = new TreeSet<>(plan.needed());
    missing.removeIf(step -> Files.exists(checkpoint(step)));
    return missing;
  }

  /// What is left to do of a training.
  ///
  /// @param end its last step
  /// @param lines of metrics that stay
  private record Left(int end, int lines) {
    @Override
    public String toString() {
      return end + " " + lines;
    }

    static Left ofText(String text) {
      String[] numbers = text.split(" ", 2);
      return new Left(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
    }
  }

  private Left left(CheckpointPlan plan) throws IOException {
    int last = lastStep().orElse(0);
    int lines = Math.min(MetricsFile.wholeLines(metrics()), last);
    int missing = missing(plan).isEmpty() ? 0 : missing(plan).last();
    return new Left(Math.max(missing, lines < last ? last : 0), lines);
  }

  /// Trains until all needed checkpoints are there, with others on the way, and deletes surplus
  /// ones. What is there already, because a damaged file sent the training back, stays as it is.
  ///
  /// @throws IllegalArgumentException if `train.maxBadSteps` in a row have no finite loss and
  ///   gradient, naming the file with what the last of them was to learn from
  public void run(Training<?> training, CheckpointPlan plan, Training.Listener listener)
      throws IOException {
    Group group = training.group();
    String own = group.isFirst() ? left(plan).toString() : "";
    Left left = Left.ofText(SharedText.ofFirst(group, own));
    try {
      if (group.isFirst()) {
        runFirst(training, plan, left, listener);
      } else {
        trainTo(left.end(), training, plan, _ -> {}, () -> {});
      }
    } catch (BadSteps e) {
      throw group.isFirst() ? e.saved(root) : e;
    }
  }

  private void runFirst(
      Training<?> training, CheckpointPlan plan, Left left, Training.Listener listener)
      throws IOException {
    try (MetricsFile metrics = MetricsFile.continueAt(metrics(), left.lines())) {
      trainTo(
          left.end(),
          training,
          plan,
          line -> {
            if (line.step() > left.lines()) {
              metrics.append(line);
            }
            listener.stepped(line);
          },
          metrics::sync);
    }
    prune(plan);
  }

  /// What comes before a checkpoint.
  private interface BeforeCheckpoint {
    void run() throws IOException;
  }

  private void trainTo(
      int end,
      Training<?> training,
      CheckpointPlan plan,
      Training.Listener listener,
      BeforeCheckpoint before)
      throws IOException {
    Group group = training.group();
    Optional<BaseModel> base = training.base(start);
    while (training.step() < end) {
      training.runTo(plan.stops().tailSet(training.step() + 1).first(), listener);
      before.run();
      String isSaved = group.isFirst() ? String.valueOf(isSaved(training.step(), plan)) : "";
      if (Boolean.parseBoolean(SharedText.ofFirst(group, isSaved))) {
        training.save(checkpoint(training.step()), base);
      }
      if (group.isFirst()) {
        prune(plan);
      }
    }
  }

  /// Whether a checkpoint is written: it is not there, and would not go at once.
  private boolean isSaved(int step, CheckpointPlan plan) throws IOException {
    SortedSet<Integer> there = Checkpoint.steps(checkpoints());
    return there.add(step) && !plan.surplus(there).contains(step);
  }

  /// Deletes surplus checkpoints.
  public void prune(CheckpointPlan plan) throws IOException {
    for (int step : plan.surplus(Checkpoint.steps(checkpoints()))) {
      AtomicFiles.deleteFolder(checkpoint(step));
    }
  }
}
