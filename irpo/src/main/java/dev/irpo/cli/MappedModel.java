package dev.irpo.cli;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.plan.CommandMemory;
import dev.irpo.plan.Machine;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.Parameters;
import java.io.IOException;

/// A model that is only read, and what a command with it takes of this machine's memory.
record MappedModel(LanguageModel model, CommandMemory memory) {
  /// Opens a model for sampling and scoring.
  ///
  /// @throws IllegalArgumentException if its weights must be loaded and do not fit, before they are
  static MappedModel open(Backend backend, ModelOptions options) throws IOException {
    @SuppressWarnings("MustBeClosed") // the weights are its memory maps
    StoredModel stored = ModelFiles.open(options.model, options.tokenizer());
    long bytes =
        Parameters.bytesToMap(backend, LanguageModel.configOf(stored), stored.tensors().values());
    CommandMemory.ofWeights(backend, bytes).requireFits(Machine.memoryBytes());
    LanguageModel model = LanguageModel.map(backend, stored);
    return new MappedModel(model, CommandMemory.of(backend, model.parameters(), bytes));
  }
}
