package dev.irpo.checkpoints.gguf;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.floats;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.checkpoints.model.FloatConversion;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufModelWriterTest {
  private static final int HEAD_DIM = 16;

  @TempDir Path folder;

  /// The metadata of the golden model, as far as it is needed to read it.
  private static SequencedMap<String, Object> values() {
    SequencedMap<String, Object> values = new LinkedHashMap<>();
    values.put("general.architecture", "llama");
    values.put("llama.embedding_length", 64);
    values.put("llama.feed_forward_length", 172);
    values.put("llama.block_count", 2);
    values.put("llama.attention.head_count", 4);
    values.put("llama.attention.head_count_kv", 2);
    values.put("llama.context_length", 256);
    values.put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    values.put("llama.rope.freq_base", 10_000f);
    values.put("tokenizer.ggml.model", "none");
    return values;
  }

  private static StoredModel golden() throws IOException {
    return ModelFormats.open(GoldenFiles.path("tiny/policy"));
  }

  private Path write(GgufType type, StoredModel model) throws IOException {
    Path file = folder.resolve(type + ".gguf");
    GgufModelWriter writer = new GgufModelWriter(GgufArchitecture.LLAMA, type, HEAD_DIM);
    writer.write(file, values(), model.tensors().values(), new float[0], _ -> {});
    return file;
  }

  private static List<StoredTensor> sorted(StoredModel model) {
    return model.tensors().sequencedKeySet().stream()
        .sorted()
        .map(name -> model.tensor(name))
        .toList();
  }

  @Test
  void f32KeepsEveryBit() throws IOException {
    try (StoredModel model = golden();
        StoredModel read = ModelFormats.open(write(GgufType.F32, model))) {
      assertSameTensors(sorted(model), sorted(read));
    }
  }

  @Test
  void halfPrecisionRoundsMatricesAndKeepsNorms() throws IOException {
    for (GgufType type : List.of(GgufType.F16, GgufType.BF16)) {
      DType dtype = type.dtype().orElseThrow();
      try (StoredModel model = golden();
          StoredModel read = ModelFormats.open(write(type, model))) {
        List<StoredTensor> expected = new ArrayList<>();
        for (StoredTensor tensor : sorted(model)) {
          boolean isMatrix = tensor.shape().rank() == 2;
          expected.add(isMatrix ? converted(tensor, dtype) : tensor);
        }
        assertSameTensors(expected, withNormsAsF32(sorted(read)));
      }
    }
  }

  /// The reader returns norms in the matrices' type where they lose no bit by it.
  private static List<StoredTensor> withNormsAsF32(List<StoredTensor> tensors) {
    return tensors.stream()
        .map(tensor -> tensor.shape().rank() == 1 ? ConvertedContent.of(tensor, DType.F32) : tensor)
        .toList();
  }

  private static StoredTensor converted(StoredTensor tensor, DType dtype) {
    MemorySegment out = Arena.ofAuto().allocate(tensor.shape().numElements() * dtype.bytes());
    FloatConversion.convert(tensor.dtype(), tensor.data(), dtype, out);
    return new StoredTensor(tensor.name(), dtype, tensor.shape(), out);
  }

  @Test
  void q8IsWithinHalfAStepAndRowsOfOddLengthAreF16() throws IOException {
    try (StoredModel model = golden();
        StoredModel read = ModelFormats.open(write(GgufType.Q8_0, model))) {
      for (StoredTensor tensor : model.tensors().values()) {
        StoredTensor found = read.tensor(tensor.name());
        if (tensor.name().endsWith("down_proj.weight")) { // rows of 172
          assertSameTensors(List.of(converted(tensor, DType.F16)), List.of(found));
        } else if (tensor.shape().rank() == 1) {
          assertSameTensors(List.of(tensor), List.of(found));
        } else {
          assertQuantised(values(tensor), values(found), tensor.name());
        }
      }
    }
  }

  private static float[] values(StoredTensor tensor) {
    return tensor.inMemory(Arena.ofAuto()).data().toArray(ValueLayout.JAVA_FLOAT);
  }

  private static void assertQuantised(float[] exact, float[] found, String name) {
    assertEquals(exact.length, found.length);
    for (int block = 0; block < exact.length; block += 32) {
      float most = 0;
      for (int i = 0; i < 32; i++) {
        most = Math.max(most, Math.abs(exact[block + i]));
      }
      for (int i = 0; i < 32; i++) {
        // half a step, and the rounding of the scale to 11 bits
        assertEquals(
            exact[block + i], found[block + i], most / 127 / 2 + most / 2048 + 1e-9f, name);
      }
    }
  }

  @Test
  void q8BlocksHaveTheBitsOfGgml() {
    float[] halves = new float[32];
    float[] given = {127, 0.5f, -0.5f, 1.5f, -1.5f, 2.5f, -2.5f, 126.5f, -126.5f, 0.49999997f};
    System.arraycopy(given, 0, halves, 0, given.length);
    assertEquals("003c7f01ff02fe03fd7f8100" + "00".repeat(22), quantised(halves));
    float[] waves = new float[32];
    for (int i = 0; i < 32; i++) {
      waves[i] = (float) Math.sin(i * i) * 0.013f;
    }
    assertEquals(
        "b406006ba034dbef828775b0c07fc2b3778a81fdcd24947519778f16bd1383997fd7", quantised(waves));
    assertEquals("00".repeat(34), quantised(new float[32]));
    float[] broken = new float[32];
    broken[3] = Float.intBitsToFloat(0x7fd9_4000); // a NaN that says more than that it is one
    assertEquals("007e" + "00".repeat(32), quantised(broken));
  }

  private static String quantised(float... values) {
    StoredTensor tensor = floats("t", Shape.of(1, values.length), values);
    byte[] blocks = new byte[values.length / 32 * 34];
    new QuantisedRows(tensor.content(), values.length).read(0, MemorySegment.ofArray(blocks));
    return HexFormat.of().formatHex(blocks);
  }

  @Test
  void everyRangeOfBytesIsTheSame() {
    StoredTensor source = tensor("t", DType.F16, 5, 6, 64);
    List<TensorContent> contents =
        List.of(
            new QuantisedRows(ConvertedContent.of(source, DType.F32).content(), 64),
            ConvertedContent.of(source, DType.BF16).content());
    for (TensorContent content : contents) {
      byte[] whole = new byte[(int) content.byteSize()];
      content.read(0, MemorySegment.ofArray(whole));
      for (int begin = 0; begin < whole.length; begin += 26) {
        for (int end = begin; end <= whole.length; end += 34) {
          byte[] part = new byte[end - begin];
          content.read(begin, MemorySegment.ofArray(part));
          assertArrayEquals(Arrays.copyOfRange(whole, begin, end), part);
        }
      }
    }
  }

  @Test
  void factorsOfTheFrequenciesAreATensorOfTheirOwn() throws IOException {
    Path file = folder.resolve("scaled.gguf");
    float[] factors = {1, 1, 2, 3, 4, 8, 8, 32};
    try (StoredModel model = golden()) {
      List<StoredTensor> more = new ArrayList<>(model.tensors().values());
      more.add(tensor("model.layers.0.self_attn.rotary_emb.inv_freq", DType.F32, 1, 8));
      new GgufModelWriter(GgufArchitecture.LLAMA, GgufType.F32, HEAD_DIM)
          .write(file, values(), more, factors, _ -> {});
      GgufFile read = GgufFile.read(file, Arena.ofAuto());
      assertEquals(model.tensors().size() + 1, read.tensors().size());
      StoredTensor stored = read.tensors().get("rope_freqs.weight");
      assertArrayEquals(factors, values(stored));
    }
  }

  @Test
  void nothingStaysBehindWhereWritingFailsAndNothingIsReplaced() throws IOException {
    Path file = folder.resolve("F32.gguf");
    try (StoredModel model = golden()) {
      List<StoredTensor> tensors = new ArrayList<>(model.tensors().values());
      tensors.set(3, tensor("model.layers.0.mlp.up_proj.weight", DType.INT32, 1, 4, 4));
      GgufModelWriter writer = new GgufModelWriter(GgufArchitecture.LLAMA, GgufType.F32, HEAD_DIM);
      assertRefused(
          () -> writer.write(file, values(), tensors, new float[0], _ -> {}), "up_proj", "INT32");
      StoredTensor failing =
          new StoredTensor(
              "model.norm.weight", DType.F32, Shape.of(64), new FailingContent(64 * 4));
      tensors.set(3, failing);
      assertRefused(() -> writer.write(file, values(), tensors, new float[0], _ -> {}), "fails");
      try (Stream<Path> left = Files.list(folder)) {
        assertEquals(List.of(), left.toList());
      }
      write(GgufType.F32, model);
      byte[] before = Files.readAllBytes(file);
      assertRefused(() -> write(GgufType.F32, model), file.toString(), "exists already");
      assertArrayEquals(before, Files.readAllBytes(file));
    }
  }

  private record FailingContent(long byteSize) implements TensorContent {
    @Override
    public void read(long offset, MemorySegment target) {
      throw new IllegalArgumentException("fails");
    }
  }

  @Test
  void theBytesThatAreReportedAreThoseOfTheFile() throws IOException {
    long[] reported = new long[1];
    Path file = folder.resolve("counted.gguf");
    try (StoredModel model = golden()) {
      GgufModelWriter writer = new GgufModelWriter(GgufArchitecture.LLAMA, GgufType.Q8_0, HEAD_DIM);
      writer.write(
          file, values(), model.tensors().values(), new float[0], bytes -> reported[0] += bytes);
      assertEquals(Files.size(file), reported[0]);
      long tensors = writer.bytesOf(model.tensors().values());
      assertTrue(tensors < reported[0] && tensors > reported[0] - 4000, tensors + "");
    }
  }
}
