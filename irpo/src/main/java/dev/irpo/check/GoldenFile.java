package dev.irpo.check;

import dev.irpo.checkpoints.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The file of golden values that the jar holds as a resource.
public final class GoldenFile {
  private GoldenFile() {}

  /// Computes the values and writes them.
  public static void write(Path target) throws IOException {
    String values = GoldenValues.compute().toJson();
    AtomicFiles.writeFile(target, temporary -> Files.writeString(temporary, values));
  }
}
