package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.checkpoints.model.TensorFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/// A converted folder, which [ArrowModelWriter] wrote.
public final class ArrowFormat implements ModelFormat {
  /// The file that says where each tensor is.
  public static final String INDEX = "weights.index.json";

  @Override
  public String name() {
    return "ARROW";
  }

  @Override
  public String description() {
    return "a folder with " + INDEX;
  }

  @Override
  public boolean matches(Path path) {
    return Files.exists(path.resolve(INDEX));
  }

  @Override
  public ModelParts read(Path folder, Arena arena) throws IOException {
    Manifest.read(folder).verifySizes(folder);
    return new ModelParts(
        JsonFiles.readObject(folder.resolve(CONFIG)),
        TensorFiles.readIndexed(folder.resolve(INDEX), file -> WeightsFile.read(file, arena)));
  }

  @Override
  public void verifyChecksums(Path folder, SeenChecksums seen) throws IOException {
    Manifest.read(folder).verifyChecksums(folder, seen);
  }
}
