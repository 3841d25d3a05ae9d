package dev.irpo.cli;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.model.Backends;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.plan.CommandMemory;
import dev.irpo.plan.PlannedGroup;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.train.Training;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.parallel.TensorParallel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Refuses a training that cannot fit into this machine's memory.
///
/// @param model sizes of what is trained
/// @param models in memory: that one, and perhaps a reference of the same sizes
/// @param tokenizer instead of the one beside them
/// @param scores whether log-probabilities of a reference are computed before
/// @param trainers make what trains
record TrainingRoom(
    RunConfig config,
    Processes processes,
    LlamaConfig model,
    List<Path> models,
    Optional<Path> tokenizer,
    boolean scores,
    CommandMemory.Trainers trainers) {
  /// Before anything is loaded: a micro-batch has `train.tokenBudget` tokens at least.
  ///
  /// @throws IllegalArgumentException naming the need by purpose, what there is and the way out
  void require() throws IOException {
    requireFor(1);
  }

  /// The same once the largest item is known, for one that needs a larger micro-batch.
  void require(int largestItem) throws IOException {
    if (largestItem > config.train().tokenBudget()) {
      requireFor(largestItem);
    }
  }

  private void requireFor(int largestItem) throws IOException {
    try (Backend backend = Backends.forPlanning(config.compute())) {
      memory(backend)
          .training(config, replicas().data(), trainers, largestItem, scores)
          .requireFits(processes.memoryBytes());
    }
  }

  private Replicas replicas() {
    return PlannedGroup.replicas(config, processes.group().size());
  }

  private CommandMemory memory(Backend backend) throws IOException {
    TensorParallel parallel = replicas().model();
    Set<String> changing = Training.changing(config, backend, replicas(), model);
    long bytes = 0;
    DType precision = Training.precision(config);
    DType type = DType.F32;
    for (Path path : models) {
      try (StoredModel stored = ModelFiles.open(path, tokenizer)) {
        Collection<StoredTensor> tensors = stored.tensors().values();
        Set<String> loaded =
            path.equals(models.getFirst()) ? changing : Set.of(); // a reference does not change
        bytes += Parameters.bytesToMap(backend, model, tensors, parallel, loaded, precision);
        type = LanguageModel.matrixType(stored);
      }
    }
    Parameters outline =
        Parameters.outline(new OutlineBackend(), model, parallel, changing, precision, type);
    return CommandMemory.of(backend, outline, bytes);
  }
}
