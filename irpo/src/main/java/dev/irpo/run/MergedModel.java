package dev.irpo.run;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.AdapterSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.Backends;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// M_{t−1} with its adapter merged into the weights, which lies beside the rollouts that are
/// sampled from it until they are done (`adapter.merge=sampling`).
///
/// @param iteration t
record MergedModel(RunConfig config, RunFolder folder, int iteration) {
  private static final System.Logger LOG = System.getLogger(MergedModel.class.getName());

  /// Requires a backend that reads it where its file is mapped, on the host: any other has a copy
  /// of it beside the model, a device until the run ends.
  ///
  /// @throws IllegalArgumentException if it does not
  static void requireMapping(RunConfig config) {
    if (config.adapter().merge() != AdapterSettings.Merge.SAMPLING) {
      return;
    }
    try (Backend backend = Backends.forPlanning(config.compute())) {
      if (!backend.traits().mapsWeights() || !backend.traits().runsOnHost()) {
        throw new IllegalArgumentException(
            "adapter.merge=sampling: backend %s has no room for a second model; set adapter.merge to never or iteration"
                .formatted(config.compute().backend()));
      }
    }
  }

  /// Whether the iteration samples from it; M_0 has no adapter that a training made.
  boolean isWanted() {
    return config.adapter().merge() == AdapterSettings.Merge.SAMPLING && iteration > 1;
  }

  Path path() {
    return folder.iteration(iteration).resolve("merged");
  }

  /// Writes it, again where a process was stopped that had done so.
  void write() throws IOException {
    LOG.log(
        System.Logger.Level.INFO,
        "adapter.merge: M_{0} samples with its adapter merged, with log-probabilities of its own",
        iteration - 1);
    delete();
    try (StoredModel stored = ModelFiles.open(folder.model(iteration - 1), Optional.empty())) {
      AdaptedModel.writeMerged(stored, path());
    }
  }

  /// Deletes it if it is there.
  void delete() throws IOException {
    if (Files.exists(path())) {
      AtomicFiles.deleteFolder(path());
    }
  }
}
