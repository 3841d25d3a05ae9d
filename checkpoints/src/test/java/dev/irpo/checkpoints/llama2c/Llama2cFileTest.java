package dev.irpo.checkpoints.llama2c;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Llama2cFileTest {
  /// dim 8, hidden_dim 5, 2 layers, 2 heads of 4, 1 KV head, 6 tokens, 3 positions.
  private static final int[] HEADER = {8, 5, 2, 2, 1, 6, 3};

  private static final int TIED_ELEMENTS =
      6 * 8 + 2 * (8 + 64 + 32 + 32 + 64 + 8 + 40 + 40 + 40) + 8 + 2 * 3 * 2;

  @TempDir Path folder;

  @Test
  void everyTensorStartsWhereLlama2cPutsIt() throws IOException {
    try (StoredModel model = ModelFormats.open(write(HEADER, TIED_ELEMENTS))) {
      assertEquals(20, model.tensors().size());
      assertFirst(model, "model.embed_tokens.weight", "(6, 8)", 0);
      assertFirst(model, "model.layers.1.input_layernorm.weight", "(8,)", 48 + 8);
      assertFirst(model, "model.layers.0.self_attn.q_proj.weight", "(8, 8)", 64);
      assertFirst(model, "model.layers.1.self_attn.q_proj.weight", "(8, 8)", 64 + 64);
      assertFirst(model, "model.layers.1.self_attn.k_proj.weight", "(4, 8)", 192 + 32);
      assertFirst(model, "model.layers.1.self_attn.v_proj.weight", "(4, 8)", 256 + 32);
      assertFirst(model, "model.layers.1.self_attn.o_proj.weight", "(8, 8)", 320 + 64);
      assertFirst(model, "model.layers.1.post_attention_layernorm.weight", "(8,)", 448 + 8);
      assertFirst(model, "model.layers.1.mlp.gate_proj.weight", "(5, 8)", 464 + 40);
      assertFirst(model, "model.layers.1.mlp.down_proj.weight", "(8, 5)", 544 + 40);
      assertFirst(model, "model.layers.1.mlp.up_proj.weight", "(5, 8)", 624 + 40);
      assertFirst(model, "model.norm.weight", "(8,)", 704);
      assertTrue(model.config().path("tie_word_embeddings").booleanValue());
      assertEquals(4, model.config().path("head_dim").intValue());
      assertTrue(model.tensor("model.norm.weight").data().isMapped());
    }
  }

  @Test
  void anUntiedHeadFollowsTheRopeTables() throws IOException {
    int[] header = HEADER.clone();
    header[5] = -6;
    try (StoredModel model = ModelFormats.open(write(header, TIED_ELEMENTS + 48))) {
      assertFirst(model, "lm_head.weight", "(6, 8)", TIED_ELEMENTS);
      assertFalse(model.config().path("tie_word_embeddings").booleanValue());
      assertEquals(6, model.config().path("vocab_size").intValue());
    }
  }

  @Test
  void queryRowsOfAHeadAreSplitIntoEvenAndOdd() throws IOException {
    try (StoredModel model = ModelFormats.open(write(HEADER, TIED_ELEMENTS))) {
      StoredTensor query = model.tensor("model.layers.0.self_attn.q_proj.weight");
      int[] rows = new int[8];
      for (int row = 0; row < 8; row++) {
        rows[row] = ((int) value(query, row * 8L) - 64) / 8;
      }
      assertEquals("[0, 2, 1, 3, 4, 6, 5, 7]", Arrays.toString(rows));
    }
  }

  /// Meta rotates neighbours (2i, 2i+1) by position·θᵢ, Hugging Face (i, i+D/2): same scores.
  @Test
  void attentionScoresAreTheSameInBothOrders() throws IOException {
    try (StoredModel model = ModelFormats.open(write(HEADER, TIED_ELEMENTS))) {
      StoredTensor query = model.tensor("model.layers.0.self_attn.q_proj.weight");
      StoredTensor key = model.tensor("model.layers.0.self_attn.k_proj.weight");
      for (int head = 0; head < 2; head++) {
        double[] q = new double[4];
        double[] k = new double[4];
        double[] metaQ = new double[4];
        double[] metaK = new double[4];
        for (int i = 0; i < 4; i++) { // column 3 stands for the projection of a unit vector
          q[i] = Math.sin(value(query, (head * 4L + i) * 8 + 3));
          k[i] = Math.sin(value(key, i * 8L + 3));
          metaQ[i] = Math.sin(64 + (head * 4 + i) * 8 + 3);
          metaK[i] = Math.sin(192 + i * 8 + 3);
        }
        double huggingFace = 0;
        double meta = 0;
        for (int i = 0; i < 2; i++) {
          huggingFace += rotatedProduct(q[i], q[i + 2], k[i], k[i + 2], i);
          meta += rotatedProduct(metaQ[2 * i], metaQ[2 * i + 1], metaK[2 * i], metaK[2 * i + 1], i);
        }
        assertEquals(meta, huggingFace, 1e-12);
      }
    }
  }

  @Test
  void headersAndSizesThatLieAreRefused() throws IOException {
    Path file = write(HEADER, TIED_ELEMENTS);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 4));
    assertRefused(
        () -> ModelFormats.open(file), "has " + (whole.length - 4), "needs " + whole.length);
    Files.write(file, Arrays.copyOf(whole, whole.length + 4));
    assertRefused(() -> ModelFormats.open(file), "has " + (whole.length + 4));
    Files.write(file, Arrays.copyOf(whole, 27));
    assertRefused(() -> ModelFormats.open(file), "27 bytes");
    refuseHeader("header field 2 is 0", 8, 5, 0, 2, 1, 6, 3);
    refuseHeader("header field 3 is -2", 8, 5, 2, -2, 1, 6, 3);
    refuseHeader("header field 5 is 0", 8, 5, 2, 2, 1, 0, 3);
    refuseHeader("do not divide", 8, 5, 2, 3, 1, 6, 3);
    refuseHeader("do not divide", 6, 5, 2, 2, 1, 6, 3);
    refuseHeader("version 1", 0x616b3432, 1, 2, 2, 1, 6, 3);
    int max = Integer.MAX_VALUE - 1;
    refuseHeader("more bytes than any file", max, max, max, 1, 1, max, max);
  }

  @Test
  void theTokenizerIsTheOneGivenOrTheOnlyOneBeside() throws IOException {
    Path file = write(HEADER, TIED_ELEMENTS);
    try (StoredModel model = ModelFormats.open(file)) {
      assertEquals(List.of(), model.tokenizers());
      assertRefused(model::requireTokenizer, "0 *.model files", "--tokenizer");
      Path one = Files.createFile(folder.resolve("one.model"));
      assertEquals(List.of(one), model.tokenizers());
      assertEquals(one.toString(), model.requireTokenizer().source(TokenizerFiles.SENTENCE_PIECE));
      Path two = Files.createFile(folder.resolve("two.model"));
      assertRefused(model::requireTokenizer, "2 *.model files", "--tokenizer");
      try (StoredModel given = ModelFormats.open(file, Optional.of(two))) {
        assertEquals(List.of(two), given.tokenizers());
      }
    }
  }

  @Test
  void stories260kKeepsEveryByteThroughArrowAndThroughExport() throws IOException {
    Path file = ForeignData.path("stories260K/stories260K.bin");
    try (StoredModel source = ModelFormats.open(file)) {
      long parameters =
          source.tensors().values().stream().mapToLong(t -> t.shape().numElements()).sum();
      assertEquals(260_032, parameters);
      assertEquals("tok512.model", source.tokenizers().getFirst().getFileName().toString());
      ArrowModelWriter.keepingTypes().write(folder.resolve("arrow"), source);
      try (StoredModel arrow = ModelFormats.open(folder.resolve("arrow"))) {
        new HuggingFaceWriter().write(folder.resolve("exported"), arrow);
        try (StoredModel exported = ModelFormats.open(folder.resolve("exported"))) {
          assertSameTensors(source.tensors().values(), arrow.tensors().values());
          assertSameTensors(source.tensors().values(), exported.tensors().values());
          assertEquals(
              -1, Files.mismatch(source.tokenizers().getFirst(), exported.tokenizers().getFirst()));
        }
      }
    }
  }

  private void refuseHeader(String fact, int... header) throws IOException {
    Path file = write(header, TIED_ELEMENTS);
    assertRefused(() -> ModelFormats.open(file), "model.bin", fact);
  }

  private static double rotatedProduct(double qa, double qb, double ka, double kb, int i) {
    double theta = Math.pow(10000, -i / 2.0);
    double[] q = rotated(qa, qb, 5 * theta);
    double[] k = rotated(ka, kb, 2 * theta);
    return q[0] * k[0] + q[1] * k[1];
  }

  private static double[] rotated(double a, double b, double angle) {
    return new double[] {
      a * Math.cos(angle) - b * Math.sin(angle), a * Math.sin(angle) + b * Math.cos(angle)
    };
  }

  private static void assertFirst(StoredModel model, String name, String shape, int element) {
    assertEquals(shape, model.tensor(name).shape().toString(), name);
    assertEquals(element, (int) value(model.tensor(name), 0), name);
  }

  private static float value(StoredTensor tensor, long index) {
    return tensor.inMemory(Arena.ofAuto()).data().get(ValueLayout.JAVA_FLOAT, index * Float.BYTES);
  }

  /// Every element is its own number.
  private Path write(int[] header, int elements) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(28 + 4 * elements).order(ByteOrder.LITTLE_ENDIAN);
    for (int field : header) {
      bytes.putInt(field);
    }
    for (int i = 0; i < elements; i++) {
      bytes.putFloat(i);
    }
    return Files.write(folder.resolve("model.bin"), bytes.array());
  }
}
