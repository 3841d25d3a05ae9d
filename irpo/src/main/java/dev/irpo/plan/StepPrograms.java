package dev.irpo.plan;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.loss.IrpoLoss;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.train.Trainer;
import dev.irpo.transformer.train.TrainerSettings;
import java.util.List;

/// The programs of a training step and of a decode step, outlined.
public final class StepPrograms {
  private StepPrograms() {}

  /// Forward and backward pass of a full micro-batch with the paper's loss, and an update.
  public static RunPrograms.Training training(LlamaConfig config, TrainerSettings settings) {
    try (OutlineBackend outline = new OutlineBackend()) {
      IrpoLoss loss = new IrpoLoss(RunConfig.of(Preset.PAPER_V1).loss());
      Parameters parameters = Parameters.allocate(outline, config);
      return RunPrograms.Training.of(
          outline, () -> new Trainer<>(outline, parameters, loss, settings));
    }
  }

  /// One more token in each slot.
  public static List<Compilation> decoding(LlamaConfig config, DecodeLimits limits) {
    try (OutlineBackend outline = new OutlineBackend()) {
      var _ = new Generator(outline, Parameters.allocate(outline, config), limits).describe();
      return outline.compilations();
    }
  }
}
