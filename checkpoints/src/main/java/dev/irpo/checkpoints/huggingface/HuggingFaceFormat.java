package dev.irpo.checkpoints.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.FusedRows;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.checkpoints.model.TensorFiles;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;

/// A folder with `config.json` and safetensors files.
public final class HuggingFaceFormat implements ModelFormat {
  /// The only file of weights.
  public static final String WEIGHTS = "model.safetensors";

  /// The file that says where each tensor is, if there are several files of weights.
  public static final String INDEX = "model.safetensors.index.json";

  private static final String EOS = "eos_token_id";

  @Override
  public String name() {
    return "HUGGING_FACE";
  }

  @Override
  public String description() {
    return "a folder with %s or %s".formatted(WEIGHTS, INDEX);
  }

  @Override
  public boolean matches(Path path) {
    return Files.exists(path.resolve(WEIGHTS)) || Files.exists(path.resolve(INDEX));
  }

  @Override
  public ModelParts read(Path folder, Arena arena) throws IOException {
    ObjectNode config = JsonFiles.readObject(folder.resolve(CONFIG));
    addGenerationEnds(config, folder.resolve(TokenizerFiles.GENERATION_CONFIG));
    Path single = folder.resolve(WEIGHTS);
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    if (Files.exists(single)) {
      for (StoredTensor tensor : SafetensorsFile.map(single, arena).tensors()) {
        tensors.put(tensor.name(), tensor);
      }
    } else {
      Path index = folder.resolve(INDEX);
      tensors = TensorFiles.readIndexed(index, file -> SafetensorsFile.map(file, arena).tensors());
    }
    return new ModelParts(config, cut(folder, config, tensors));
  }

  private static SequencedMap<String, StoredTensor> cut(
      Path folder, ObjectNode config, SequencedMap<String, StoredTensor> tensors) {
    try {
      return FusedRows.cut(config, tensors);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s: %s".formatted(folder, e.getMessage()), e);
    }
  }

  /// Llama 3 names some of the tokens that end a response in `generation_config.json` alone.
  private static void addGenerationEnds(ObjectNode config, Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return;
    }
    Set<JsonNode> ends = new LinkedHashSet<>(ids(config.path(EOS)));
    if (ends.addAll(ids(JsonFiles.readObject(file).path(EOS)))) {
      config.putArray(EOS).addAll(ends);
    }
  }

  private static List<JsonNode> ids(JsonNode value) {
    List<JsonNode> ids = new ArrayList<>();
    (value.isArray() ? value : List.of(value)).forEach(ids::add);
    ids.removeIf(id -> id.isMissingNode() || id.isNull());
    return ids;
  }
}
