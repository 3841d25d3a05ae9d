package dev.irpo.checkpoints.meta;

import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.ModelParts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/// A folder with Meta's `params.json` and `consolidated.NN.pth` files.
public final class MetaFormat implements ModelFormat {
  @Override
  public String name() {
    return "META";
  }

  @Override
  public String description() {
    return "a folder with Meta's %s and consolidated.00.pth".formatted(MetaParams.FILE);
  }

  @Override
  public boolean matches(Path path) throws IOException {
    return Files.exists(path.resolve(MetaParams.FILE)) && !MetaFolder.files(path).isEmpty();
  }

  @Override
  public ModelParts read(Path folder, Arena arena) throws IOException {
    return MetaFolder.read(folder, arena);
  }
}
