package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.model.Backends;
import dev.irpo.plan.CommandMemory;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.LlamaConfig;

/// Refuses a training that cannot fit into this machine's memory.
///
/// @param model that is trained
/// @param models in memory: that one, and perhaps a reference of the same sizes
/// @param scores whether log-probabilities of a reference are computed before
/// @param trainers make what trains
record TrainingRoom(
    RunConfig config,
    Processes processes,
    LlamaConfig model,
    int models,
    boolean scores,
    CommandMemory.Trainers trainers) {
  /// Before anything is loaded: a micro-batch has `train.tokenBudget` tokens at least.
  ///
  /// @throws IllegalArgumentException naming the need by purpose, what there is and the way out
  void require() {
    requireFor(1);
  }

  /// The same once the largest item is known, for one that needs a larger micro-batch.
  void require(int largestItem) {
    if (largestItem > config.train().tokenBudget()) {
      requireFor(largestItem);
    }
  }

  private void requireFor(int largestItem) {
    try (Backend backend = Backends.forPlanning(config.compute())) {
      CommandMemory.ofLoaded(backend, model, models)
          .training(config, processes.group(), trainers, largestItem, scores)
          .requireFits(processes.memoryBytes());
    }
  }
}
