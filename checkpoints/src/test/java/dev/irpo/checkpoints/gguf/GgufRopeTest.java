package dev.irpo.checkpoints.gguf;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.ForeignModels;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.tensor.DType;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Heads of 8 columns, base 10000, context 2048. The expected frequencies are those of llama.cpp's
/// formulas, evaluated in double with Python.
class GgufRopeTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final double[] PLAIN = {1, 0.1, 0.01, 0.001};
  private static final double[] QUARTER = {0.25, 0.025, 0.0025, 0.00025};
  private static final double[] YARN = {1, 0.05625, 0.00125, 0.000125};
  private static final double YARN_MAGNITUDE = 1.2079441541679836;

  @TempDir Path folder;
  private GgufWriter writer;

  @BeforeEach
  void makeModel() {
    writer = ForeignModels.gguf(ForeignModels.model(DType.F32, 10, true), 8, 10_000);
    writer.values.put("llama.context_length", 2048);
  }

  private GgufRopeTest with(String key, Object value) {
    writer.values.put("llama.rope." + key, value);
    return this;
  }

  private GgufRopeTest withTable(String name, float... divisors) {
    ByteBuffer data = ByteBuffer.allocate(4 * divisors.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float divisor : divisors) {
      data.putFloat(divisor);
    }
    writer.add(name + ".weight", 0, data.array(), divisors.length);
    return this;
  }

  private GgufRopeTest yarn() {
    return with("scaling.type", "yarn")
        .with("scaling.factor", 8f)
        .with("scaling.original_context_length", 256);
  }

  private Path write() throws IOException {
    return Files.write(folder.resolve("m.gguf"), writer.bytes());
  }

  private ObjectNode config() throws IOException {
    try (StoredModel read = ModelFormats.open(write())) {
      return read.config();
    }
  }

  private void assertScaled(double magnitude, double... frequencies) throws IOException {
    Map<String, Object> values = MAPPER.convertValue(config(), new TypeReference<>() {});
    LlamaConfig read = LlamaConfig.of(values);
    assertEquals(magnitude, read.ropeScaling().attentionFactor(), 1e-9);
    double[] actual = read.ropeFrequencies();
    assertEquals(frequencies.length, actual.length);
    for (int i = 0; i < actual.length; i++) {
      assertEquals(frequencies[i], actual[i], 1e-6 * frequencies[i], "pair " + i);
    }
  }

  private void assertRefusedFor(String... facts) {
    assertRefused(() -> config(), facts);
  }

  @Test
  void withoutKeysTheFrequenciesFollowFromTheBase() throws IOException {
    assertScaled(1, PLAIN);
    assertFalse(config().has("rope_scaling"));
    with("scaling.finetuned", 1).with("scaling.factor", 0f);
    assertFalse(config().has("rope_scaling"));
  }

  @Test
  void aFactorDividesUnlessTheTypeIsNone() throws IOException {
    with("scaling.type", "linear").with("scaling.factor", 4f).assertScaled(1, QUARTER);
    assertEquals("linear", config().at("/rope_scaling/rope_type").textValue());
    with("scaling.type", "none").assertScaled(1, PLAIN);
    writer.values.remove("llama.rope.scaling.type");
    assertScaled(1, QUARTER);
    with("scale_linear", 2f).assertScaled(1, QUARTER);
    writer.values.remove("llama.rope.scaling.factor");
    assertScaled(1, 0.5, 0.05, 0.005, 0.0005);
  }

  @Test
  void anAttentionFactorCountsWithEveryType() throws IOException {
    with("scaling.attn_factor", 1.25f).assertScaled(1.25, PLAIN);
    with("scaling.factor", 4f).assertScaled(1.25, QUARTER);
    yarn().assertScaled(1.25 * YARN_MAGNITUDE, YARN);
  }

  @Test
  void yarnIsThatOfTransformers() throws IOException {
    yarn().assertScaled(YARN_MAGNITUDE, YARN);
    assertEquals("yarn", config().at("/rope_scaling/rope_type").textValue());
    writer.values.remove("llama.rope.scaling.original_context_length");
    assertScaled(YARN_MAGNITUDE, 1, 0.1, 0.005625, 0.000125);
  }

  @Test
  void yarnsOwnNumbersCount() throws IOException {
    yarn().with("scaling.yarn_beta_slow", 0.1f);
    assertScaled(YARN_MAGNITUDE, 1, 0.07083333333, 0.004166666667, 0.000125);
    with("scaling.yarn_beta_fast", 4f);
    assertScaled(YARN_MAGNITUDE, 1, 0.1, 0.005625, 0.000125);
    with("scaling.yarn_beta_fast", 32f).with("scaling.yarn_beta_slow", 1f);
    with("scaling.yarn_ext_factor", 0.5f);
    assertScaled(YARN_MAGNITUDE, 0.5625, 0.034375, 0.00125, 0.000125);
    with("scaling.yarn_ext_factor", 0f).assertScaled(1, 0.125, 0.0125, 0.00125, 0.000125);
    with("scaling.yarn_ext_factor", -1f).assertScaled(YARN_MAGNITUDE, YARN);
    with("scaling.yarn_attn_factor", 1f).assertScaled(YARN_MAGNITUDE, YARN);
    with("scaling.yarn_attn_factor", (float) YARN_MAGNITUDE).assertScaled(YARN_MAGNITUDE, YARN);
    with("scaling.yarn_attn_factor", 1.5f).assertRefusedFor("yarn_attn_factor is 1.5");
  }

  @Test
  void aTableDividesElementByElement() throws IOException {
    withTable("rope_freqs", 1, 1.25f, 3, 8);
    assertScaled(1, 1, 0.08, 0.003333333333, 0.000125);
    with("scaling.factor", 4f).assertScaled(1, 0.25, 0.02, 0.0008333333333, 0.00003125);
    yarn().assertScaled(YARN_MAGNITUDE, 1, 0.045, 0.0004166666667, 0.000015625);
  }

  @Test
  void theTableOfLlama3IsItsScalingWhateverTheFactor() throws IOException {
    with("freq_base", 500_000f);
    for (float factor : new float[] {2, 8, 20, 32}) {
      writer.tensors.removeIf(tensor -> tensor.name().equals("rope_freqs.weight"));
      double kept = (8192 * Math.pow(500_000, -0.5) / (2 * Math.PI) - 1) / 3;
      withTable("rope_freqs", 1, 1, (float) (1 / ((1 - kept) / factor + kept)), factor);
      ObjectNode config = config();
      assertEquals("llama3", config.at("/rope_scaling/rope_type").textValue());
      assertEquals(factor, config.at("/rope_scaling/factor").doubleValue());
    }
    writer.tensors.removeLast();
    withTable("rope_freqs", 1, 1, 1, 1);
    assertFalse(config().has("rope_scaling"));
  }

  @Test
  void twoTablesAreReadWhereTheLengthDoesNotChooseBetweenThem() throws IOException {
    with("scaling.type", "longrope").with("scaling.attn_factor", 1.25f);
    withTable("rope_factors_short", 1, 1.25f, 3, 8).withTable("rope_factors_long", 2, 2, 2, 2);
    assertScaled(1.25, 1, 0.08, 0.003333333333, 0.000125);
    with("scaling.original_context_length", 256);
    assertRefused(() -> assertScaled(1.25, PLAIN), "1792 of 2048 positions");
  }

  @Test
  void whatCannotBeComputedIsRefusedByName() {
    with("scaling.type", "su").assertRefusedFor("m.gguf: llama.rope.scaling.type is su");
    with("scaling.type", "longrope").assertRefusedFor("no tensor 'rope_factors_short.weight'");
    with("scaling.type", "linear");
    with("scaling.factor", -1f).assertRefusedFor("llama.rope.scaling.factor is -1.0");
    with("scaling.factor", Float.POSITIVE_INFINITY).assertRefusedFor("scaling.factor is Infinity");
    with("scaling.factor", 2).assertRefusedFor("scaling.factor is 2");
    with("scaling.factor", 2f);
    with("scaling.attn_factor", 0f).assertRefusedFor("attn_factor is 0.0");
    with("scaling.attn_factor", 1f);
    with("scaling.yarn_ext_factor", 1f).assertRefusedFor("yarn_ext_factor is 1.0");
    yarn().with("scaling.yarn_ext_factor", 2f).assertRefusedFor("yarn_ext_factor is 2.0");
    with("scaling.yarn_ext_factor", 1f);
    with("scaling.yarn_beta_slow", 0f).assertRefusedFor("yarn_beta_slow is 0.0");
    with("scaling.yarn_beta_slow", 1f);
    with("scaling.original_context_length", 0).assertRefusedFor("original_context_length is 0");
  }

  @Test
  void tablesThatAreNoDivisorsAreRefused() {
    withTable("rope_freqs", 1, 0, 1, 1).assertRefusedFor("element 1", "'rope_freqs.weight' is 0.0");
    writer.tensors.removeLast();
    withTable("rope_freqs", 1, 1).assertRefusedFor("(2,)", "(4,)");
    writer.tensors.removeLast();
    writer.add("rope_freqs.weight", 1, new byte[8], 4);
    assertRefusedFor("'rope_freqs.weight' is F16, only F32");
  }
}
