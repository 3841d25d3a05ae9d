package dev.irpo.checkpoints.peft;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.NewFiles;
import dev.irpo.checkpoints.huggingface.SafetensorsFile;
import dev.irpo.checkpoints.model.FusedRows;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Writes a model's low-rank adapter as a folder that PEFT loads.
public final class PeftWriter {
  private PeftWriter() {}

  /// What of a model is written; nothing where it has no adapter.
  public static List<StoredTensor> tensors(StoredModel model) {
    return model.tensors().values().stream()
        .filter(tensor -> tensor.name().contains(".lora_"))
        .map(tensor ->
            new StoredTensor(
                PeftFormat.PREFIX + tensor.name(),
                tensor.dtype(),
                tensor.shape(),
                tensor.content()))
        .toList();
  }

  /// Writes a new folder, which appears when everything is in it.
  ///
  /// @param base name or path of the model that PEFT adds it to
  /// @throws IllegalArgumentException if the model has no adapter, or one of layers that its
  ///   family's files have as one
  public static void write(Path target, StoredModel model, String base) throws IOException {
    JsonNode adapter = model.config().path(PeftConfig.ADAPTER);
    List<StoredTensor> tensors = tensors(model);
    if (!adapter.isObject() || tensors.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: has no adapter; export it as hf or gguf".formatted(model.path()));
    }
    requireOwnLayers(model, adapter);
    AtomicFiles.writeFolder(
        target,
        folder -> {
          NewFiles files = new NewFiles(folder, _ -> {});
          files.write(
              PeftFormat.WEIGHTS,
              out -> SafetensorsFile.write(out, tensors, Map.of("format", "pt")));
          files.write(PeftConfig.FILE_NAME, PeftConfig.of(adapter, base));
        });
  }

  private static void requireOwnLayers(StoredModel model, JsonNode adapter) {
    for (JsonNode target : adapter.path(PeftConfig.TARGETS)) {
      if (FusedRows.isIn(model.config()) && FusedRows.isPart(target.asText())) {
        throw new IllegalArgumentException(
            "%s: has an adapter of %s, which transformers' %s has within a larger layer; export it as hf or gguf, which have it merged"
                .formatted(
                    model.path(), target.asText(), model.config().path("model_type").asText()));
      }
    }
  }
}
