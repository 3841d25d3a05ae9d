package dev.irpo.checkpoints.huggingface;

import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;

/// Writes a single file of safetensors, as Hugging Face does.
public final class SafetensorsWriter {
  private SafetensorsWriter() {}

  public static void write(Path path, Collection<StoredTensor> tensors) throws IOException {
    try (HashedFile file = new HashedFile(path, _ -> {})) {
      SafetensorsFile.write(file, tensors, Map.of("format", "pt"));
    }
  }
}
