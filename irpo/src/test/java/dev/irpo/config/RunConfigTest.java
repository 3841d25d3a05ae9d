package dev.irpo.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.loss.LossSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunConfigTest {
  @TempDir Path folder;

  private static String refusal(String yaml, String... overrides) {
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> RunConfig.parse(yaml, List.of(overrides)))
            .getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @Test
  void nothingGivenIsThePapersFirstVersionOnGsm8k() throws IOException {
    RunConfig config = RunConfig.load(Optional.empty(), List.of());
    assertEquals(RunConfig.of(Preset.PAPER_V1), config);
    assertEquals(LossSettings.PaperVersion.V1, config.loss().paperVersion());
    assertEquals(30, config.rollouts().perPrompt());
    assertEquals(10, config.pairs().perPrompt());
    assertEquals(7e-7, config.optimizer().learningRate());
    assertEquals(5000, config.train().steps());
  }

  @Test
  void theThirdVersionDiffersInTheLossAlone() {
    RunConfig v3 = RunConfig.of(Preset.PAPER_V3);
    assertEquals(LossSettings.PaperVersion.V3, v3.loss().paperVersion());
    assertEquals(RunConfig.of(Preset.PAPER_V1), v3.with("preset=paper-v1", "loss.paperVersion=v1"));
  }

  @Test
  void overridesGoBeforeTheFileAndTheFileBeforeThePreset() throws IOException {
    Path file = folder.resolve("run.yaml");
    Files.writeString(file, "preset: demo\npairs: {perPrompt: 3}\n");
    RunConfig config =
        RunConfig.load(Optional.of(file), List.of("rollouts.perPrompt=5", "seed=9", "seed=10"));
    assertEquals(3, config.pairs().perPrompt());
    assertEquals(5, config.rollouts().perPrompt());
    assertEquals(10, config.seed());
    assertEquals(TaskSettings.Name.WORD_PROBLEMS, config.task().name());
    assertEquals(
        RunConfig.of(Preset.PAPER_V3).loss(),
        RunConfig.load(Optional.of(file), List.of("preset=paper-v3")).loss());
  }

  private TaskSettings resumed(String begun, String... overrides) throws IOException {
    Path file = Files.writeString(folder.resolve("begun.yaml"), begun);
    return RunConfig.resuming(Optional.of(file), Optional.empty(), List.of(overrides)).task();
  }

  @Test
  void whatWasBegunWithAnOlderGraderResumesWithItUnlessAnotherIsNamed() throws IOException {
    String old = "task:\n  grader: number-v1\n  heldOutProblems: 5\n";
    assertEquals("number-v1", resumed(old).grader());
    assertEquals("number-v1", resumed(old, "preset=demo").grader());
    assertEquals("number-v2", resumed(old, "task.grader=number-v2").grader());
    assertEquals("number-v2", resumed("iterations: 2\n").grader());
    assertEquals("number-v2", resumed("task:\n  grader: dev.example.Own\n").grader());
    assertEquals(1000, resumed(old).heldOutProblems(), "nothing else is taken from there");
  }

  @Test
  void aGraderIsListedOrAClass() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> RunConfig.load(Optional.empty(), List.of("task.grader=number-v3")))
            .getMessage();
    assertTrue(message.contains("number-v3") && message.contains("number-v2, math-v2"), message);
  }

  @Test
  void whatIsWrittenLoadsToTheSame() {
    for (Preset preset : Preset.values()) {
      RunConfig config =
          RunConfig.of(preset)
              .with(
                  "rollouts.temperature=0.7, 1.1",
                  "optimizer.learningRate=3.3333333333333335e-7",
                  "seed=-9223372036854775808",
                  "task.promptTemplate=Q: {question}\n\tA \"quote\": é \u2028"
                      + "  word".repeat(40),
                  "task.trainFile=C:\\a \"b\" # c: [d].jsonl");
      assertEquals(config, RunConfig.parse(config.toYaml(), List.of()));
      assertEquals(config, RunConfig.parse(config.toCommentedYaml(), List.of()));
      assertEquals("C:\\a \"b\" # c: [d].jsonl", config.task().trainFile());
    }
  }

  @Test
  void everyKeyHasTheTextThatTheFileHas() {
    RunConfig config = RunConfig.of(Preset.DEMO).with("rollouts.temperature=0.7, 1.1");
    Map<String, String> texts = config.toTexts();
    assertEquals("[0.7, 1.1]", texts.get("rollouts.temperature"));
    assertEquals("irpo", texts.get("loss.kind"));
    assertEquals("1", texts.get("seed"));
    List<String> lines = config.toYaml().lines().filter(line -> !line.endsWith(":")).toList();
    assertEquals(lines.size(), texts.size());
    int line = 0;
    for (Map.Entry<String, String> text : texts.entrySet()) {
      String name = text.getKey().substring(text.getKey().lastIndexOf('.') + 1);
      assertEquals(lines.get(line++).strip(), name + ": " + text.getValue());
    }
  }

  @Test
  void keysMayBeWrittenWithDots() {
    assertEquals(0.3, RunConfig.parse("loss.dpoBeta: 0.3", List.of()).loss().dpoBeta());
  }

  @Test
  void theLastTemperatureHoldsForAllLaterIterations() {
    RolloutSettings rollouts =
        RunConfig.of(Preset.PAPER_V1).with("rollouts.temperature=[0.5,0.9]").rollouts();
    assertEquals(0.5, rollouts.temperatureOf(1));
    assertEquals(0.9, rollouts.temperatureOf(2));
    assertEquals(0.9, rollouts.temperatureOf(7));
  }

  @Test
  void anUnknownKeyIsRefusedWithTheNearest() {
    assertEquals(
        "config: there is no key optimizer.learningrate; the nearest is optimizer.learningRate",
        refusal("optimizer: {learningrate: 1e-5}"));
    assertEquals(
        "--set pairs.prPrompt=2: there is no key pairs.prPrompt; the nearest is pairs.perPrompt",
        refusal("", "pairs.prPrompt=2"));
    assertEquals(
        "--set dpoBeta=1: there is no key dpoBeta; the nearest is loss.dpoBeta",
        refusal("", "dpoBeta=1"));
    assertTrue(
        refusal("los: {alpha: 1}")
            .contains("there is no key los.alpha; the nearest is loss.alpha"));
    assertTrue(refusal("loss: 3").startsWith("config: loss is a section"));
  }

  @Test
  void anImpossibleValueIsRefusedWithKeyValueAndRange() {
    assertEquals(
        "--set optimizer.beta1=1.0: optimizer.beta1 is '1.0', allowed is a number in [0, 1)",
        refusal("", "optimizer.beta1=1.0"));
    assertEquals(
        "config: train.batchSize is '0', allowed is a whole number in [1, 1000000]",
        refusal("train: {batchSize: 0}"));
    assertEquals(
        "config: task.name is 'maths', allowed is one of gsm8k, math, arc-challenge, word-problems,"
            + " custom; the nearest is math",
        refusal("task: {name: maths}"));
    assertEquals(
        "--set task.promptTemplate=Q:: task.promptTemplate is 'Q:', allowed is a text with"
            + " {question} in it",
        refusal("", "task.promptTemplate=Q:"));
    assertEquals(
        "config: train.shuffle is 'yes', allowed is true or false",
        refusal("train: {shuffle: 'yes'}"));
    assertTrue(refusal("", "train.batchSize=1.5").contains("a whole number"));
    assertTrue(refusal("", "loss.alpha=NaN").contains("a number in [0, 1000]"));
    assertTrue(refusal("", "loss.alpha=").contains("loss.alpha is ''"));
    assertTrue(refusal("", "rollouts.temperature=0.8,-1").contains("a list of numbers"));
    assertTrue(refusal("", "rollouts.temperature=[]").contains("a list of numbers"));
    assertTrue(refusal("", "preset=paper-v2").contains("one of paper-v1, paper-v3, gsm8k-"));
    assertTrue(refusal("loss: {alpha: [1, 2]}").contains("loss.alpha is '[1, 2]'"));
    assertTrue(refusal("loss: {alpha: {a: 1}}").contains("loss.alpha is"));
    assertTrue(refusal("loss: {alpha: }").contains("loss.alpha is"));
  }

  @Test
  void whatIsNotAConfigurationIsRefused() {
    assertTrue(refusal("- 1\n- 2").contains("not a mapping"));
    assertTrue(refusal("a: b: c: [").startsWith("config:1: not YAML"));
    assertTrue(refusal("seed: 1\nseed: 2").startsWith("config:2: not YAML: Duplicate"));
    assertTrue(refusal("loss.alpha: 1\nloss: {alpha: 2}").contains("loss.alpha is set twice"));
    assertTrue(refusal("", "seed").contains("no '='"));
  }

  @Test
  void aMissingFileIsNamed() {
    Optional<Path> missing = Optional.of(folder.resolve("none.yaml"));
    String message =
        assertThrows(IOException.class, () -> RunConfig.load(missing, List.of())).getMessage();
    assertEquals(missing.get() + ": no such file; --config takes a YAML file", message);
  }

  @Test
  void everyKeyIsDocumentedOnce() {
    String documentation = RunConfig.documentation();
    for (ConfigKey key : new ConfigSchema().keys()) {
      String row = "| `" + key.path() + "` |";
      assertTrue(documentation.contains(row), key.path());
      assertEquals(documentation.indexOf(row), documentation.lastIndexOf(row), key.path());
      assertFalse(key.setting().doc().isBlank(), key.path());
    }
  }

  @Test
  void keysThatOtherProgramsRelyOnExist() {
    ConfigSchema schema = new ConfigSchema();
    List.of(
            "preset",
            "seed",
            "iterations",
            "loss.dpoBeta",
            "loss.alpha",
            "optimizer.learningRate",
            "optimizer.beta1",
            "optimizer.beta2",
            "optimizer.epsilon",
            "optimizer.weightDecay",
            "optimizer.clipNorm",
            "optimizer.warmupSteps",
            "train.steps",
            "train.batchSize",
            "train.shuffle",
            "rollouts.perPrompt",
            "rollouts.temperature",
            "rollouts.topP",
            "rollouts.maxNewTokens",
            "pairs.perPrompt")
        .forEach(key -> assertEquals(key, schema.require(key, "test").path()));
  }

  @Test
  void theFormerNameOfAKeyIsStillRead() {
    RunConfig v3 = RunConfig.parse("loss: {version: v3}", List.of());
    assertEquals(LossSettings.PaperVersion.V3, v3.loss().paperVersion());
    assertEquals(v3, RunConfig.parse("", List.of("loss.version=v3")));
    assertTrue(v3.toYaml().contains("  paperVersion: v3"));
    assertEquals(
        "config: loss.paperVersion is set twice; keep one",
        refusal("loss: {version: v3, paperVersion: v1}"));
  }
}
