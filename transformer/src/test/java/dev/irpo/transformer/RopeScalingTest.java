package dev.irpo.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.packing.PackedInputs;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Expected frequencies come from transformers' formula, evaluated in double with Python.
class RopeScalingTest {
  private static final double TOLERANCE = 1e-14;

  private static LlamaConfig config(int headDim, RopeScaling scaling) {
    return new LlamaConfig(
        LayerSpec.LLAMA,
        61,
        24,
        40,
        1,
        4,
        2,
        headDim,
        131_072,
        500_000,
        scaling,
        1e-5,
        false,
        1,
        List.of(2));
  }

  private static void assertFrequency(double expected, double actual) {
    assertEquals(expected, actual, TOLERANCE * expected);
  }

  @Test
  void llama32KeepsFastColumnsMixesThreeAndSlowsTheRest() {
    RopeScaling scaling = new RopeScaling.Llama3(32, 1, 4, 8192);
    double[] frequencies = config(64, scaling).ropeFrequencies();
    assertEquals(32, frequencies.length);
    assertEquals(1, frequencies[0]);
    assertFrequency(0.6636012376960885, frequencies[1]);
    assertFrequency(0.0032114459947525913, frequencies[14]);
    assertFrequency(0.001290547928209264, frequencies[15]);
    assertFrequency(0.00042955679655936815, frequencies[16]);
    assertFrequency(9.70828780262767e-05, frequencies[17]);
    assertFrequency(1.9461638184831125e-05, frequencies[18]);
    assertFrequency(9.418306725434909e-08, frequencies[31]);
  }

  @Test
  void llama31MixesSixColumns() {
    double[] frequencies = config(128, new RopeScaling.Llama3(8, 1, 4, 8192)).ropeFrequencies();
    assertFrequency(0.0032114459947525913, frequencies[28]);
    double[] mixed = {
      0.002166570763503359,
      0.0013718935677611381,
      0.0008567514129196321,
      0.0005248461609929547,
      0.00031269375038406517,
      0.00017850781276799638
    };
    for (int i = 0; i < mixed.length; i++) {
      assertFrequency(mixed[i], frequencies[29 + i]);
    }
    assertFrequency(9.556212353964683e-05, frequencies[35]);
    assertFrequency(3.068925988914511e-07, frequencies[63]);
  }

  @Test
  void linearScalingDividesEveryFrequency() {
    double[] plain = config(8, RopeScaling.NONE).ropeFrequencies();
    double[] scaled = config(8, new RopeScaling.Linear(4)).ropeFrequencies();
    for (int i = 0; i < plain.length; i++) {
      assertEquals(plain[i] / 4, scaled[i]);
    }
  }

  @Test
  void anAttentionFactorStretchesCosinesAndSines() {
    LlamaConfig plain = config(6, RopeScaling.NONE);
    LlamaConfig stretched = config(6, new RopeScaling.Divided(List.of(1.0, 1.0, 1.0), 1.5));
    Tensor angles = anglesOf(plain, 48);
    Tensor larger = anglesOf(stretched, 48);
    for (int i = 0; i < 48 * 6; i++) {
      double value = angles.graph().constantValues(angles).applyAsDouble(i);
      assertEquals(1.5 * value, larger.graph().constantValues(larger).applyAsDouble(i));
    }
  }

  @Test
  void numbersWithoutMeaningAreRefused() {
    List<Runnable> mistakes =
        List.of(
            () -> new RopeScaling.Linear(0.5),
            () -> new RopeScaling.Linear(Double.NaN),
            () -> new RopeScaling.Llama3(8, 4, 4, 8192),
            () -> new RopeScaling.Llama3(8, 0, 4, 8192),
            () -> new RopeScaling.Llama3(8, 1, 4, 0),
            () -> new RopeScaling.Dynamic(0),
            () -> new RopeScaling.Proportional(1.5, 1),
            () -> new RopeScaling.Proportional(0.5, 0.5),
            () -> new RopeScaling.Divided(List.of(1.0, 0.0, 1.0), 1),
            () -> new RopeScaling.Divided(List.of(1.0), 0),
            () -> config(6, new RopeScaling.Divided(List.of(1.0, 2.0), 1)),
            () -> new RopeScaling.Yarn(0.5, 256, 32, 1, true, 1),
            () -> new RopeScaling.Yarn(8, 0, 32, 1, true, 1),
            () -> new RopeScaling.Yarn(8, 256, 2, 4, true, 1),
            () -> new RopeScaling.Yarn(8, 256, 32, 0, true, 1),
            () -> new RopeScaling.Yarn(8, 256, 32, 1, true, -1));
    for (Runnable mistake : mistakes) {
      String message = assertThrows(IllegalArgumentException.class, mistake::run).getMessage();
      assertTrue(message.endsWith("fix config.json"), message);
    }
  }

  @Test
  void theTableHasTheRowsThatAProgramReaches() {
    LlamaConfig config = config(6, new RopeScaling.Llama3(8, 1, 4, 8192));
    assertEquals(Shape.of(48, 6), anglesOf(config, 48).shape());
    LlamaConfig shortContext = TinyModel.config(false);
    assertEquals(Shape.of(96, 6), anglesOf(shortContext, 200).shape());
  }

  private static Tensor anglesOf(LlamaConfig config, int tokens) {
    Graph graph = new Graph();
    var _ =
        new PackedInputs(graph, Budget.ofTokens(tokens))
            .hidden(new Llama(config, Llama.Activations.KEPT));
    return graph.leaves().values().stream()
        .filter(leaf -> leaf.kind() == Tensor.Kind.CONSTANT)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aRowOfTheTableHoldsTheCosinesAndThenTheSinesOfItsAngles() {
    LlamaConfig config = config(6, new RopeScaling.Llama3(8, 1, 4, 8192));
    Tensor angles = anglesOf(config, 48);
    double[] frequencies = config.ropeFrequencies();
    for (int i = 0; i < 3; i++) {
      double angle = 47 * frequencies[i];
      double cosine = angles.graph().constantValues(angles).applyAsDouble(47 * 6 + i);
      double sine = angles.graph().constantValues(angles).applyAsDouble(47 * 6 + 3 + i);
      assertEquals(StrictMath.cos(angle), cosine);
      assertEquals(StrictMath.sin(angle), sine);
    }
  }
}
