package dev.irpo.checkpoints;

import static dev.irpo.checkpoints.TestModels.bytes;
import static dev.irpo.checkpoints.TestModels.stored;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.checkpoints.torch.TorchWriter;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One model as three programs publish it is one model after import.
class ThreeFormatsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int VOCAB_SIZE = 64;
  private static final int HEAD_DIM = 4;

  /// Splits the model in two.
  private static final long FILE_BYTES = 9000;

  @TempDir Path folder;
  private Path published;
  private Path meta;
  private Path gguf;

  @BeforeEach
  void publish() throws IOException {
    List<StoredTensor> model =
        ForeignModels.model(DType.BF16, VOCAB_SIZE, true).stream()
            .map(ThreeFormatsTest::finite)
            .toList();
    published = folder.resolve("published");
    ObjectNode config =
        MAPPER.valueToTree(
            new LlamaConfig(
                    VOCAB_SIZE, 16, 24, 2, 4, 2, HEAD_DIM, 128, 10000, 1e-5, false, 1, List.of(2))
                .toHuggingFace());
    config.put("torch_dtype", "bfloat16");
    new HuggingFaceWriter(FILE_BYTES).write(published, config, model, TokenizerFiles.none());
    meta = Files.createDirectory(folder.resolve("meta"));
    Files.writeString(
        meta.resolve("params.json"),
        """
        {"dim": 16, "multiple_of": 8, "n_heads": 4, "n_kv_heads": 2, "n_layers": 2,
         "norm_eps": 1e-05, "vocab_size": -1}
        """);
    for (int i = 0; i < 2; i++) {
      TorchWriter.save(
          meta.resolve("consolidated.%02d.pth".formatted(i)),
          ForeignModels.part(ForeignModels.meta(model, HEAD_DIM), i, 2, 1));
    }
    gguf = folder.resolve("model.gguf");
    Files.write(gguf, ForeignModels.gguf(model, HEAD_DIM, 10_000).bytes());
  }

  @Test
  void allThreeScoreAlikeAfterImportAndAreExportedAsTheSameFiles() throws IOException {
    List<String> files =
        List.of(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json");
    float[] expected = tokenLogProbs(published);
    assertTrue(
        IntStream.range(0, expected.length).allMatch(i -> expected[i] < -1 && expected[i] > -10),
        Arrays.toString(expected));
    Map<Path, String> sources =
        Map.of(
            published, "HUGGING_FACE",
            meta, "META",
            gguf, "GGUF");
    for (Map.Entry<Path, String> source : sources.entrySet()) {
      Path imported = folder.resolve("imported-" + source.getValue());
      try (StoredModel model = ModelFormats.open(source.getKey())) {
        assertEquals(source.getValue(), model.format().name());
        ArrowModelWriter.keepingTypes().write(imported, model);
      }
      assertArrayEquals(expected, tokenLogProbs(imported), 0, source.getValue().toString());
      Path exported = folder.resolve("exported-" + source.getValue());
      try (StoredModel model = ModelFormats.open(imported)) {
        new HuggingFaceWriter(FILE_BYTES).write(exported, model);
      }
      for (String file : files) {
        assertEquals(
            -1,
            Files.mismatch(published.resolve(file), exported.resolve(file)),
            source.getValue() + " " + file);
      }
    }
  }

  private static float[] tokenLogProbs(Path path) throws IOException {
    try (Backend backend = new CpuBackend(1);
        StoredModel stored = ModelFormats.open(path)) {
      LlamaConfig config =
          LlamaConfig.of(
              MAPPER.convertValue(stored.config(), new TypeReference<Map<String, Object>>() {}));
      Parameters parameters =
          Parameters.map(
              backend, config, path.toString(), stored.tensors().values(), Arena.ofAuto());
      int[] response = IntStream.range(0, 40).map(i -> (7 * i + 3) % VOCAB_SIZE).toArray();
      SequenceScore score =
          new Scorer(backend, parameters, 128)
              .score(List.of(new Sequence(new int[] {1, 5, 9}, response)))
              .getFirst();
      return score.tokenLogProbs();
    }
  }

  /// Values of eight bits between −½ and ½, which bf16 holds exactly, in place of random bits.
  private static StoredTensor finite(StoredTensor random) {
    byte[] bytes = bytes(random.data());
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < bytes.length; i += Short.BYTES) {
      data.putShort(i, HalfPrecision.narrowed(DType.BF16, bytes[i] / 256f));
    }
    return stored(random.name(), random.dtype(), random.shape(), bytes);
  }
}
