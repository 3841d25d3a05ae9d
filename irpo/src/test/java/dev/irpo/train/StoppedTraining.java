package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.train.TrainItem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/// Supervised trainings that stop on the way, for tests.
final class StoppedTraining {
  private static final List<TrainItem.Single> EXAMPLES =
      IntStream.range(5, 10)
          .mapToObj(id -> new TrainItem.Single(new int[] {1, id}, new int[] {id + 1, 2}))
          .toList();

  private StoppedTraining() {}

  /// A training at step 0 on five short examples.
  static SupervisedTraining training(RunConfig config, Backend backend, LanguageModel model) {
    return new SupervisedTraining(config, backend, Replicas.alone(), model, EXAMPLES);
  }

  /// Starts or resumes a training, with a checkpoint every third step, and stops after a step; 0
  /// never.
  static void run(
      RunConfig config,
      Backend backend,
      LanguageModel model,
      TrainingFolder folder,
      SequencedMap<String, Path> inputs,
      int stopAfter)
      throws IOException {
    SupervisedTraining training = training(config, backend, model);
    try (FolderLock lock = ConfigFile.lock(folder.root())) {
      folder.open(config, inputs, lock);
      CheckpointPlan plan =
          CheckpointPlan.of(
              training.totalSteps(), config.with("train.checkpointEverySteps=3").train());
      folder.resume(training, plan, new SeenChecksums());
      folder.run(
          training,
          plan,
          line -> {
            if (line.step() == stopAfter) {
              throw new IOException("stopped");
            }
          });
    }
    model.save(folder.model());
  }

  /// Fails if two trainings of seven steps differ in a byte.
  static void requireSame(TrainingFolder expected, TrainingFolder actual) throws IOException {
    for (String file :
        List.of("metrics.jsonl", "model/manifest.json", "checkpoints/step-7/manifest.json")) {
      assertEquals(
          Files.readString(expected.root().resolve(file)),
          Files.readString(actual.root().resolve(file)),
          file);
    }
  }
}
