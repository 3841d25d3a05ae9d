package dev.irpo.train;

import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.train.Rounding;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/// The model that a training with `train.parameterType` bf16 or f16 (or `train.precision` bf16)
/// begins with has numbers of that type where it is trained, so that sampler, scorer, reference and
/// trainer begin with one model. Trainers require it too, but only once all that comes before a
/// training was computed.
public final class RoundedStart {
  private static final int CHUNK = 1 << 20;

  private RoundedStart() {}

  /// Requires it of a model that a training begins with; one that resumes from a checkpoint does
  /// not begin.
  ///
  /// @param path of the model
  /// @throws IllegalArgumentException as [#require(RunConfig, StoredModel)]
  public static void require(
      RunConfig config, TrainingFolder folder, Path path, Optional<Path> tokenizer)
      throws IOException {
    if (Schedules.parameterType(config.train()).isHalf() && folder.lastStep().isEmpty()) {
      try (StoredModel start = ModelFiles.open(path, tokenizer)) {
        require(config, AdaptedModel.of(start, config));
      }
    }
  }

  /// Requires it, and reads what is trained unless it is stored in the type.
  ///
  /// @throws IllegalArgumentException naming the model, a tensor and the first number that the type
  ///   does not have
  public static void require(RunConfig config, StoredModel start) {
    DType type = Schedules.parameterType(config.train());
    if (!type.isHalf()) {
      return;
    }
    Rounding rounding = Rounding.to(type, Schedules.precision(config.train()));
    LlamaConfig sizes = LanguageModel.checkWeights(start);
    for (String name : Schedules.trained(config, sizes).of(sizes).keySet()) {
      StoredTensor tensor = start.tensor(name);
      if (tensor.dtype() != type) {
        try {
          require(rounding, ConvertedContent.of(tensor, DType.F32));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(start.path() + ": " + e.getMessage(), e);
        }
      }
    }
  }

  private static void require(Rounding rounding, StoredTensor single) {
    long count = single.shape().numElements();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(Float.BYTES * Math.min(CHUNK, count));
      for (long first = 0; first < count; first += CHUNK) {
        MemorySegment read = chunk.asSlice(0, Float.BYTES * Math.min(CHUNK, count - first));
        single.content().read(first * Float.BYTES, read);
        rounding.requireExact(single.name(), read);
      }
    }
  }
}
