package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.TestData;
import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Tensors that processes hold together, read whole.
class WholeTensorsTest {
  private static float[] floats(StoredTensor tensor) {
    float[] values = new float[(int) tensor.shape().numElements()];
    ConvertedContent.of(tensor, DType.F32).content().read(0, MemorySegment.ofArray(values));
    return values;
  }

  @Test
  void slicesThatLieInTheirFileIn16BitsAreReadToo() {
    List<Map<String, float[]>> found = InProcess.run(2, WholeTensorsTest::whole);
    Map<String, float[]> expected = new LinkedHashMap<>();
    try (Backend cpu = new CpuBackend(1)) {
      tensors(TestData.tinyModel(cpu))
          .forEach(tensor -> expected.put(tensor.name(), floats(tensor)));
    }
    assertEquals(expected.keySet(), found.getFirst().keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, found.getFirst().get(name), name));
  }

  private static List<StoredTensor> tensors(LanguageModel model) {
    return model.storedTensors().stream()
        .map(tensor -> ConvertedContent.of(tensor, DType.BF16))
        .toList();
  }

  /// What the first of two processes reads; in memory of their own they have the norms alone.
  private static Map<String, float[]> whole(Group group) {
    Map<String, float[]> read = new LinkedHashMap<>();
    try (Backend cpu = new CpuBackend(1)) {
      LanguageModel model = TestData.tinyModel(cpu);
      LlamaConfig config = model.config();
      TensorParallel parallel = new TensorParallel(group, new InnerSum.ByProcess());
      Set<String> changing = Set.of(LlamaConfig.FINAL_NORM);
      Arena arena = Arena.ofAuto();
      Parameters own =
          Parameters.map(cpu, config, "tiny", tensors(model), arena, parallel, changing, DType.F32);
      LanguageModel sliced =
          new LanguageModel(
              config, model.huggingFaceConfig(), own, model.optionalText(), model.tokenizerFiles());
      WholeTensors.show(
          own,
          sliced.storedTensors(),
          whole -> whole.forEach(tensor -> read.put(tensor.name(), floats(tensor))));
    }
    return read;
  }
}
