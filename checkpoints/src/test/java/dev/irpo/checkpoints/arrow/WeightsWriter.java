package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Writes a single file of weights without a folder around it.
public final class WeightsWriter {
  private WeightsWriter() {}

  public static void write(Path path, List<StoredTensor> tensors, DType dtype, long sliceElements)
      throws IOException {
    try (HashedFile file = new HashedFile(path, _ -> {})) {
      WeightsFile.write(file, tensors, dtype, sliceElements);
      file.finish();
    }
  }
}
