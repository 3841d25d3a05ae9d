package dev.irpo.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.stored.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParametersTest {
  private final Backend backend = ReferenceBackend.inSinglePrecision();
  private final LlamaConfig config = TinyModel.config(false);

  private List<StoredTensor> stored(Parameters parameters) {
    List<StoredTensor> tensors = new ArrayList<>();
    for (ParameterLayout.Slice slice : parameters.layout().slices()) {
      Buffer buffer = parameters.buffers().get(slice.name());
      tensors.add(new StoredTensor(slice.name(), DType.F32, slice.shape(), buffer.segment()));
    }
    return tensors;
  }

  @Test
  void everyTensorStartsAtAMultipleOf16AndNoneOverlap() {
    long end = 0;
    for (ParameterLayout.Slice slice : ParameterLayout.of(config.parameterShapes()).slices()) {
      assertEquals(0, slice.offset() % 16);
      assertTrue(slice.offset() >= end && slice.offset() < end + 16, slice.name());
      end = slice.offset() + slice.shape().numElements();
    }
  }

  @Test
  void randomWeightsDependOnSeedAndNameAloneAndHaveTheirDeviation() {
    Parameters parameters = Parameters.random(backend, config, 1);
    float[] flat = parameters.flat().toFloatArray();
    assertArrayEquals(flat, Parameters.random(backend, config, 1).flat().toFloatArray());
    float[] gate = parameters.buffers().get("model.layers.0.mlp.gate_proj.weight").toFloatArray();
    float[] down = parameters.buffers().get("model.layers.0.mlp.down_proj.weight").toFloatArray();
    assertEquals(0.02, deviation(gate), 0.002);
    assertEquals(0.01, deviation(down), 0.001);
    assertNotEquals(gate[0], Parameters.random(backend, config, 2).flat().get(0));
    assertEquals(1, parameters.buffers().get("model.norm.weight").get(3));
  }

  private static double deviation(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum / values.length);
  }

  @Test
  void whatWasStoredIsLoadedToTheBit() {
    Parameters parameters = Parameters.random(backend, config, 1);
    Parameters loaded = Parameters.load(backend, config, "m", stored(parameters));
    assertEquals(-1, loaded.flat().segment().mismatch(parameters.flat().segment()));
  }

  @Test
  void whereABackendCannotReadHalfWeightsMappedOnesAreLoaded() {
    List<StoredTensor> tensors = stored(Parameters.random(backend, config, 1));
    try (Backend cpu = new CpuBackend(1)) {
      Parameters mapped = Parameters.map(cpu, config, "m", tensors, Arena.ofAuto());
      Exception fixed = assertThrows(IllegalStateException.class, mapped::flat);
      assertEquals("mapped weights cannot change", fixed.getMessage());
    }
    assertFalse(backend.traits().mapsWeights());
    Parameters loaded = Parameters.map(backend, config, "m", tensors, Arena.ofAuto());
    assertEquals(loaded.layout().numElements(), loaded.flat().numElements());
  }

  @Test
  void halfPrecisionTypesAreWidened() {
    List<StoredTensor> tensors = stored(Parameters.random(backend, config, 1));
    MemorySegment bfloat16 = Arena.ofAuto().allocate(2 * 24);
    MemorySegment float16 = Arena.ofAuto().allocate(2 * 24);
    bfloat16.setAtIndex(ValueLayout.JAVA_SHORT, 2, (short) 0xC020); // −2.5
    float16.setAtIndex(ValueLayout.JAVA_SHORT, 3, (short) 0xC100); // −2.5
    Shape shape = Shape.of(24);
    tensors.removeIf(tensor -> tensor.shape().equals(shape) && !tensor.name().contains("layers.1"));
    tensors.add(new StoredTensor("model.norm.weight", DType.BF16, shape, bfloat16));
    String first = "model.layers.0.input_layernorm.weight";
    String second = "model.layers.0.post_attention_layernorm.weight";
    tensors.add(new StoredTensor(first, DType.F16, shape, float16));
    tensors.add(new StoredTensor(second, DType.F16, shape, float16));
    Parameters loaded = Parameters.load(backend, config, "m", tensors);
    assertEquals(-2.5, loaded.buffers().get("model.norm.weight").get(2));
    assertEquals(-2.5, loaded.buffers().get(first).get(3));
  }

  @Test
  void everyMissingUnknownOrWronglyShapedTensorIsNamedInOneLine() {
    List<StoredTensor> tensors = stored(Parameters.random(backend, config, 1));
    tensors.removeIf(tensor -> tensor.name().equals("model.norm.weight"));
    tensors.removeIf(tensor -> tensor.name().equals("lm_head.weight"));
    MemorySegment data = Arena.ofAuto().allocate(4 * 24);
    tensors.add(new StoredTensor("lm_head.weight", DType.F32, Shape.of(1, 24), data));
    tensors.add(new StoredTensor("bias", DType.F32, Shape.of(24), data));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> Parameters.load(backend, config, "model.safetensors", tensors))
            .getMessage();
    assertEquals(
        "model.safetensors: model.norm.weight (24,) is missing;"
            + " lm_head.weight is (1, 24), config.json says (61, 24); bias (24,) is unknown;"
            + " convert the model again or fix config.json",
        message);
  }

  @Test
  void aTiedHeadMayBeStoredAgainIfItIsTheSame() {
    LlamaConfig tied = TinyModel.config(true);
    Parameters parameters = Parameters.random(backend, tied, 1);
    List<StoredTensor> tensors = stored(parameters);
    Buffer embedding = parameters.buffers().get("model.embed_tokens.weight");
    Shape shape = Shape.of(61, 24);
    tensors.add(new StoredTensor("lm_head.weight", DType.F32, shape, embedding.segment()));
    Parameters.load(backend, tied, "m", tensors);
    tensors.removeLast();
    MemorySegment other = Arena.ofAuto().allocate(4 * 61 * 24);
    tensors.add(new StoredTensor("lm_head.weight", DType.F32, shape, other));
    assertThrows(
        IllegalArgumentException.class, () -> Parameters.load(backend, tied, "m", tensors));
  }
}
