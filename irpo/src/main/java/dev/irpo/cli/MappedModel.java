package dev.irpo.cli;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.plan.CommandMemory;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.TensorParallel;
import java.io.IOException;
import java.util.function.Function;

/// A model that is only read, and what a command with it takes of this machine's memory.
record MappedModel(LanguageModel model, CommandMemory memory) {
  /// Opens a model for sampling and scoring.
  ///
  /// @throws IllegalArgumentException if its weights must be loaded and do not fit, before they are
  static MappedModel open(Backend backend, ModelOptions options) throws IOException {
    return open(backend, options, ModelProcesses.alone());
  }

  /// Opens the slice of a model that one of several processes has.
  ///
  /// @throws IllegalArgumentException as above, or if their number does not divide the model
  static MappedModel open(Backend backend, ModelOptions options, ModelProcesses processes)
      throws IOException {
    return open(backend, options, processes::parallel, processes.memoryBytes());
  }

  /// The same in one of the processes of a command that shares other work too.
  ///
  /// @throws IllegalArgumentException as above
  static MappedModel open(
      Backend backend, ModelOptions options, TensorParallel parallel, Processes processes)
      throws IOException {
    return open(backend, options, _ -> parallel, processes.memoryBytes());
  }

  private static MappedModel open(
      Backend backend,
      ModelOptions options,
      Function<LlamaConfig, TensorParallel> division,
      long memoryBytes)
      throws IOException {
    @SuppressWarnings("MustBeClosed") // the weights are its memory maps
    StoredModel stored = ModelFiles.open(options.model, options.tokenizer());
    LlamaConfig config = LanguageModel.configOf(stored);
    TensorParallel parallel = division.apply(config);
    long bytes = Parameters.bytesToMap(backend, config, stored.tensors().values(), parallel);
    CommandMemory.ofWeights(backend, bytes).requireFits(memoryBytes);
    LanguageModel model = LanguageModel.map(backend, stored, parallel);
    return new MappedModel(model, CommandMemory.of(backend, model.parameters(), bytes));
  }
}
