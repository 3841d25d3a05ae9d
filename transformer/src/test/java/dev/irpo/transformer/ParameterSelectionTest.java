package dev.irpo.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ParameterSelectionTest {
  private static final LlamaConfig MODEL = TinyModel.config(false);
  private static final ParameterLayout WHOLE = ParameterLayout.of(MODEL.parameterShapes());

  private static List<String> names(String text) {
    return List.copyOf(ParameterSelection.parse(text).of(MODEL).keySet());
  }

  private static int stretches(String text) {
    return ParameterLayout.of(ParameterSelection.parse(text).of(MODEL)).stretchesOf(WHOLE).size();
  }

  @Test
  void allSelectsEveryTensorInTheModelsOrder() {
    assertEquals(List.copyOf(MODEL.parameterShapes().keySet()), names("all"));
    assertEquals(ParameterSelection.all(), ParameterSelection.parse(" all "));
  }

  @Test
  void theHeadOfATiedModelIsItsEmbeddingTable() {
    assertEquals(List.of(LlamaConfig.HEAD), names("head"));
    assertEquals(
        List.of(LlamaConfig.EMBEDDING),
        List.copyOf(ParameterSelection.parse("head").of(TinyModel.config(true)).keySet()));
  }

  @Test
  void layersAreCountedFromTheLast() {
    assertEquals(MODEL.layerShapes().size(), names("layers:1").size());
    assertTrue(names("layers:1").stream().allMatch(name -> name.startsWith("model.layers.1.")));
    assertEquals(2 * MODEL.layerShapes().size(), names("layers:2").size());
  }

  @Test
  void partsMayOverlapAndKeepTheModelsOrder() {
    assertEquals(
        List.of("model.layers.0.mlp.up_proj.weight", "model.norm.weight", LlamaConfig.HEAD),
        names("head, model.norm.weight,model.layers.0.mlp.up*, lm_*"));
  }

  @Test
  void aDotIsADot() {
    assertThrows(IllegalArgumentException.class, () -> names("model_norm.weight"));
    assertThrows(IllegalArgumentException.class, () -> names("modelXnorm.weight"));
  }

  @Test
  void whatSelectsNothingIsRefusedWithWhatThereIs() {
    for (String text : List.of("layers:3", "heads", "head, model.layer.*")) {
      String message = assertThrows(IllegalArgumentException.class, () -> names(text)).getMessage();
      String part = text.substring(text.indexOf(' ') + 1);
      assertTrue(message.startsWith("'" + part + "' selects no parameter; there are all, head,"));
      assertTrue(message.contains("layers:1 to layers:2"), message);
      assertTrue(message.contains("model.layers.*.mlp.gate_proj.weight"), message);
    }
  }

  @Test
  void aSelectionIsAListOfPartsWithCommas() {
    for (String text : List.of("all", "head", "layers:2, head", "*.mlp.*,model.norm.weight")) {
      assertTrue(text.matches(ParameterSelection.PATTERN), text);
    }
    for (String text : List.of("", ",", "head,", "layers:0", "layers:-1", "a b")) {
      assertFalse(text.matches(ParameterSelection.PATTERN), text);
    }
  }

  @Test
  void neighboursShareAStretch() {
    assertEquals(
        List.of(new ParameterLayout.Stretch(0, 0, WHOLE.numElements(), 0)),
        WHOLE.stretchesOf(WHOLE));
    assertEquals(1, stretches("layers:2, model.norm.weight, head"));
    assertEquals(2, stretches("layers:1, head"));
    assertEquals(2, stretches("*.mlp.*"));
    ParameterLayout some = ParameterLayout.of(ParameterSelection.parse("layers:1, head").of(MODEL));
    ParameterLayout.Stretch head = some.stretchesOf(WHOLE).getLast();
    assertEquals(WHOLE.slices().getLast().offset(), head.offsetInWhole());
    assertEquals(some.slices().getLast().offset(), head.offset());
    assertEquals(some.numElements(), head.offset() + head.numElements());
  }
}
