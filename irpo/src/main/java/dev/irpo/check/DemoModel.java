package dev.irpo.check;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The demo's model, all weights rounded to bfloat16: a device that samples with rounded weights
/// then has the same model as one that does not, and as the scorer.
final class DemoModel {
  private DemoModel() {}

  static LanguageModel open(Backend backend) throws IOException {
    Path folder = Files.createTempDirectory("irpo-check");
    try {
      Path target = folder.resolve("model");
      EmbeddedModel.copyTo(target);
      LanguageModel model = LanguageModel.open(backend, target, Optional.empty());
      Buffer flat = model.parameters().flat();
      for (long i = 0; i < flat.numElements(); i++) {
        flat.set(i, HalfPrecision.rounded(DType.BF16, (float) flat.get(i)));
      }
      model.parameters().markChanged();
      return model;
    } finally {
      AtomicFiles.deleteFolder(folder);
    }
  }
}
