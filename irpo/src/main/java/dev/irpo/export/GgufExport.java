package dev.irpo.export;

import dev.irpo.checkpoints.gguf.GgufArchitecture;
import dev.irpo.checkpoints.gguf.GgufModelWriter;
import dev.irpo.checkpoints.gguf.GgufType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Family;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.SlidingWindow;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.LongConsumer;

/// Writes a model as a GGUF file: weights, sizes, tokenizer and chat template in one.
public final class GgufExport {
  private static final int QUANTIZATION_VERSION = 2;
  private static final int ALIGNMENT = 32;
  private static final String EXTENSION = ".gguf";

  private GgufExport() {}

  /// Writes a new file, which appears when all of it is there.
  ///
  /// @param onWritten gets numbers of bytes
  /// @throws IllegalArgumentException in one line, if GGUF cannot say what the model does
  public static void write(Path target, ExportSource source, GgufType type, LongConsumer onWritten)
      throws IOException {
    String file = target.toAbsolutePath().getFileName().toString();
    String name =
        file.endsWith(EXTENSION) ? file.substring(0, file.length() - EXTENSION.length()) : file;
    float[] divisors = ropeKeys(source).divisors();
    writer(source, type)
        .write(target, values(source, name, type), tensors(source), divisors, onWritten);
  }

  /// The type of the source's own matrices.
  public static GgufType typeOf(ExportSource source) {
    return GgufType.valueOf(source.model().tensor(LlamaConfig.EMBEDDING).dtype().name());
  }

  /// Bytes of the weights.
  public static long bytesOf(ExportSource source, GgufType type) {
    return writer(source, type).bytesOf(tensors(source));
  }

  private static GgufModelWriter writer(ExportSource source, GgufType type) {
    return new GgufModelWriter(architecture(source), type, source.config().headDim());
  }

  private static GgufArchitecture architecture(ExportSource source) {
    Family family = source.config().layers().family();
    return GgufArchitecture.ofModelType(family.modelType())
        .orElseThrow(() ->
            new IllegalArgumentException(
                "--format gguf: %s: a %s is not written as GGUF; use hf"
                    .formatted(source.model().path(), family.modelType())));
  }

  private static GgufRopeKeys ropeKeys(ExportSource source) {
    return new GgufRopeKeys(architecture(source), source.config());
  }

  /// Those that the model computes with; a tied head is not stored again.
  private static Collection<StoredTensor> tensors(ExportSource source) {
    Set<String> names = source.config().parameterShapes().keySet();
    return source.model().tensors().values().stream()
        .filter(tensor -> names.contains(tensor.name()))
        .toList();
  }

  private static SequencedMap<String, Object> values(
      ExportSource source, String name, GgufType type) throws IOException {
    LlamaConfig config = source.config();
    SequencedMap<String, Object> values = new LinkedHashMap<>();
    String prefix = architecture(source).prefix();
    values.put("general.architecture", architecture(source).architecture());
    values.put("general.type", "model");
    values.put("general.name", name);
    values.put("general.file_type", type.fileType());
    values.put("general.quantization_version", QUANTIZATION_VERSION);
    values.put("general.alignment", ALIGNMENT);
    values.put(prefix + "vocab_size", config.vocabSize());
    values.put(prefix + "context_length", config.maxPositions());
    values.put(prefix + "embedding_length", config.embedDim());
    values.put(prefix + "block_count", config.numLayers());
    values.put(prefix + "feed_forward_length", config.ffnDim());
    values.put(prefix + "attention.head_count", config.numHeads());
    values.put(prefix + "attention.head_count_kv", config.numKvHeads());
    values.put(prefix + "attention.key_length", config.headDim());
    values.put(prefix + "attention.value_length", config.headDim());
    values.put(prefix + "attention.layer_norm_rms_epsilon", (float) config.rmsEps());
    values.put(prefix + "rope.dimension_count", config.headDim());
    values.put(prefix + "rope.freq_base", (float) config.ropeBase());
    ropeKeys(source).putInto(values);
    putWindow(source, values);
    GgufTokenizerKeys.put(source, values);
    return values;
  }

  private static void putWindow(ExportSource source, Map<String, Object> values) {
    GgufArchitecture architecture = architecture(source);
    SlidingWindow window = source.config().layers().window();
    if (architecture.hasWindow()) {
      values.put(architecture.prefix() + "attention.sliding_window", window.size());
    } else if (window.size() > 0) {
      throw new IllegalArgumentException(
          "--format gguf: layers %s attend to a window of %d positions, which GGUF's %s cannot say; use hf"
              .formatted(window.layers(), window.size(), architecture.architecture()));
    }
  }
}
