package dev.irpo.testdata;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GoldenFilesTest {
  @Test
  void tensorsHaveTheShapesTypesAndValuesOfTheFile() throws IOException {
    Map<String, GoldenFiles.RawTensor> tensors = GoldenFiles.tensors("tiny/forward.safetensors");
    GoldenFiles.RawTensor logits = tensors.get("logits");
    assertEquals("F64", logits.dtype());
    assertArrayEquals(new long[] {2, 24, 512}, logits.shape());
    assertEquals(2 * 24 * 512, logits.numElements());
    assertEquals(24, tensors.get("tokens").size(1));
    assertTrue(Double.isFinite(logits.get(logits.numElements() - 1)));
    GoldenFiles.RawTensor norm =
        GoldenFiles.tensors("tiny/policy/model.safetensors").get("model.norm.weight");
    assertEquals("F32", norm.dtype());
    assertEquals(1, norm.get(0), 0.5);
  }

  @Test
  void aMissingFileFailsTheTest() {
    String message =
        assertThrows(IllegalStateException.class, () -> GoldenFiles.path("tiny/nowhere"))
            .getMessage();
    assertTrue(message.contains("nowhere: no such golden file"), message);
  }
}
