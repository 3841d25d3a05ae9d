package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.train.LearningRate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class SchedulesTest {
  private static LearningRate rate(String schedule) {
    RunConfig config =
        RunConfig.of(Preset.DEMO)
            .with(
                "optimizer.learningRate=0.8",
                "optimizer.warmupSteps=4",
                "optimizer.schedule=" + schedule);
    return Schedules.learningRate(config.optimizer(), 24);
  }

  @Test
  void everyScheduleWarmsUpToThePeakAndFallsToNothingAtTheLastStepOrStays() {
    for (String schedule : List.of("constant", "cosine", "linear")) {
      assertEquals(0.2, rate(schedule).at(0), 1e-15, schedule);
      assertEquals(0.8, rate(schedule).at(4), 1e-15, schedule);
    }
    assertEquals(0.8, rate("constant").at(24));
    assertEquals(0, rate("cosine").at(24), 1e-15);
    assertEquals(0, rate("linear").at(24), 1e-15);
    assertEquals(0.8 * (1 + Math.cos(Math.PI / 4)) / 2, rate("cosine").at(9), 1e-15);
    assertEquals(0.8 * 0.75, rate("linear").at(9), 1e-15);
  }

  @Test
  void parametersThatTheModelLacksAreRefusedWithTheKey() {
    LlamaConfig tied = new LlamaConfig(50, 8, 16, 1, 2, 1, 4, 32, 10000, 1e-5, true, 1, List.of(2));
    RunConfig config = RunConfig.of(Preset.DEMO);
    assertEquals(
        tied.parameterShapes().keySet(), Schedules.trained(config, tied).of(tied).keySet());
    RunConfig lacking = config.with("train.parameters=layers:3");
    String message =
        assertThrows(IllegalArgumentException.class, () -> Schedules.trained(lacking, tied))
            .getMessage();
    assertTrue(message.startsWith("train.parameters: "), message);
  }

  private static StepMetrics step(Object... namesAndValues) {
    SequencedMap<String, Number> values = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      values.put((String) namesAndValues[i], (Number) namesAndValues[i + 1]);
    }
    return new StepMetrics(7, values);
  }

  @Test
  void aBarShowsAtMostThreeMetricsAndOnlyThoseOfTheLoss() {
    assertEquals(
        "loss 0.500, nll 1.000, dpo 2.000",
        step("loss", 0.5, "nll", 1, "dpo", 2, "chosenLogProb", -3).message());
    assertEquals("loss 0.500", step("loss", 0.5, "gradNorm", 1, "learningRate", 2).message());
  }

  @Test
  void aMetricThatAStepLacksIsRefusedWithThoseThatItHas() {
    StepMetrics step = step("loss", 0.5, "nll", 1);
    assertEquals(1, step.get("nll"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> step.get("dpo")).getMessage();
    assertEquals("there is no metric 'dpo', but loss, nll", message);
  }

  @Test
  void checkpointsOfATrainingAreListedWithItsEnd() {
    assertEquals(List.of(4, 6, 8, 10), CheckpointPlan.stops(10, 4, 0, 6));
    assertEquals(List.of(10), CheckpointPlan.stops(10, 0));
    assertEquals(List.of(), CheckpointPlan.stops(0, 3));
  }
}
