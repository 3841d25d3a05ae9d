package dev.irpo.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.loss.LossSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PresetTest {
  private static final Set<Preset> EXPERIMENTS =
      EnumSet.range(Preset.GSM8K_LLAMA2_70B_CHAT, Preset.ARC_LLAMA2_7B_CHAT);

  /// The paper's numbers of GSM8K, MATH and ARC-Challenge.
  private static final String NUMBERS =
      """
      task.name                | gsm8k                | math            | arc-challenge
      task.heldOutProblems     | 1000                 | 1000            | -
      task.devFile             | -                    | -               | data/arc-challenge/dev.jsonl
      task.chatTemplate        | none                 | none            | none
      iterations               | 4                    | 3               | 3
      rollouts.perPrompt       | 30                   | 20              | 30
      rollouts.temperature     | [0.8, 0.8, 1.3, 1.3] | [0.8, 0.8, 1.0] | [0.8, 0.8, 1.3]
      rollouts.topP            | 1                    | 1               | 1
      pairs.perPrompt          | 10                   | 15              | 20
      pairs.atMost             | 60000                | 75000           | 0
      pairs.goldAmongWinners   | true                 | true            | false
      loss.paperVersion        | v1                   | v1              | v1
      loss.dpoBeta             | 0.1                  | 0.1             | 0.1
      loss.alpha               | 1                    | 1               | 1
      optimizer.learningRate   | 7e-7                 | 7e-7            | 7e-7
      optimizer.beta1          | 0.9                  | 0.9             | 0.9
      optimizer.beta2          | 0.95                 | 0.95            | 0.95
      optimizer.weightDecay    | 0                    | 0               | 0
      optimizer.clipNorm       | 1                    | 1               | 1
      optimizer.schedule       | constant             | constant        | constant
      train.steps              | 5000                 | 5000            | 4000
      train.batchSize          | 16                   | 16              | 16
      train.evaluateEverySteps | 500                  | 500             | 500
      train.retrainWithHeldOut | true                 | true            | false
      evaluate.majoritySamples | 32                   | 32              | 32
      evaluate.majorityTemperature | 0.8              | 0.8             | 0.8
      """;

  private static void requireNumbers(int column, Preset... presets) {
    for (Preset preset : presets) {
      Map<String, PresetFile.Sourced> settings = preset.settings();
      for (String row : NUMBERS.lines().toList()) {
        String[] cells = row.split("\\s*\\|\\s*", -1);
        PresetFile.Sourced setting = settings.get(cells[0].strip());
        String written = setting == null ? "-" : setting.value();
        assertEquals(cells[column].strip(), written, preset + " " + cells[0]);
      }
    }
  }

  @Test
  void thePapersNumbersAreTheTables() {
    requireNumbers(1, Preset.GSM8K_LLAMA2_70B_CHAT, Preset.GSM8K_LLAMA2_7B_CHAT);
    requireNumbers(2, Preset.MATH_LLAMA2_70B_CHAT, Preset.MATH_LLAMA2_7B_CHAT);
    requireNumbers(3, Preset.ARC_LLAMA2_70B_CHAT, Preset.ARC_LLAMA2_7B_CHAT);
  }

  @Test
  void presetsAreNamedAsTheirFiles() {
    assertEquals("gsm8k-llama2-70b-chat", Choices.text(Preset.GSM8K_LLAMA2_70B_CHAT));
    assertEquals("arc-llama2-7b-chat", Choices.text(Preset.ARC_LLAMA2_7B_CHAT));
    for (Preset preset : Preset.values()) {
      assertEquals(preset, RunConfig.of(preset).preset());
    }
  }

  @Test
  void everyValueOfAnExperimentSaysWhereItComesFrom() {
    for (Preset preset : EXPERIMENTS) {
      preset
          .settings()
          .forEach((key, setting) -> {
            String source = setting.source();
            assertTrue(
                source.startsWith("arXiv:2404.19733 ") || source.startsWith("ours"),
                () -> preset + " " + key + ": '" + source + "'");
          });
    }
  }

  @Test
  void anExperimentLeavesOpenOnlyFilesThreadsAndWhatItDoesNotUse() {
    Set<String> open =
        Set.of(
            "preset",
            "seed",
            "task.trainFile",
            "task.devFile",
            "task.testFile",
            "task.heldOutProblems",
            "task.examples",
            "task.promptTemplate",
            "task.grader",
            "task.specials",
            "task.chatDate",
            "train.epochs",
            "train.tokenBudget",
            "adapter.alpha",
            "adapter.rankStabilised",
            "adapter.targets",
            "adapter.merge",
            "rollouts.slots",
            "sft.promptTokens");
    for (Preset preset : EXPERIMENTS) {
      List<String> unset = new ArrayList<>();
      for (ConfigKey key : new ConfigSchema().keys()) {
        boolean isUsed = !key.path().startsWith("compute.") && !isOfAnotherLoss(key.path());
        if (isUsed && !open.contains(key.path())) {
          unset.add(key.path());
        }
      }
      unset.removeAll(preset.settings().keySet());
      assertEquals(List.of(), unset, preset.toString());
    }
  }

  /// A key whose name begins with that of a loss is of this loss alone; dpoBeta is of irpo too.
  private static boolean isOfAnotherLoss(String path) {
    return Arrays.stream(LossSettings.Kind.values())
        .filter(kind -> kind != LossSettings.Kind.DPO)
        .anyMatch(kind -> path.matches("loss\\." + Choices.text(kind) + "[A-Z].*"));
  }

  @Test
  void commentsSaySourcesOfThePresetsValuesAndOfThoseThatWereChanged() {
    String yaml =
        RunConfig.of(Preset.MATH_LLAMA2_7B_CHAT).with("pairs.perPrompt=3").toCommentedYaml();
    assertTrue(
        yaml.contains(
            """
              # from: arXiv:2404.19733 section 3.3: about 75k, drawn at random where there are more
              atMost: 75000
            """),
        yaml);
    assertTrue(
        yaml.contains(
            """
              # the preset has 15, from: arXiv:2404.19733 section 3.3: K
              perPrompt: 3
            """),
        yaml);
    assertFalse(RunConfig.of(Preset.MATH_LLAMA2_7B_CHAT).toYaml().contains("#"));
    assertFalse(RunConfig.of(Preset.DEMO).toCommentedYaml().contains("from:"));
  }

  @Test
  void theDemoTrainsOnce() {
    assertFalse(RunConfig.of(Preset.DEMO).train().retrainWithHeldOut());
    assertEquals(0, RunConfig.of(Preset.DEMO).pairs().atMost());
  }
}
