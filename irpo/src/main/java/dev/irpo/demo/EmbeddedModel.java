package dev.irpo.demo;

import dev.irpo.checkpoints.AtomicFiles;
import dev.irpo.checkpoints.Manifest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The base model M_0 in the jar, which [BaseModelRecipe] made.
public final class EmbeddedModel {
  private EmbeddedModel() {}

  /// Writes the model as a folder and checks its checksums.
  public static void copyTo(Path folder) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        temporary -> {
          copy(Manifest.FILE_NAME, temporary);
          List<String> names = new ArrayList<>(Manifest.read(temporary).files().keySet());
          for (String name : names) {
            copy(name, temporary);
          }
          Manifest.read(temporary).verifyChecksums(temporary);
        });
  }

  private static void copy(String name, Path folder) throws IOException {
    try (InputStream content = EmbeddedModel.class.getResourceAsStream("model/" + name)) {
      if (content == null) {
        throw new IllegalStateException("the jar lacks its base model's " + name);
      }
      Files.copy(content, folder.resolve(name));
    }
  }
}
