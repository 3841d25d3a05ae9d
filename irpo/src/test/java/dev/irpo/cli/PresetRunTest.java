package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The paper's protocol by one command, with everything but the sizes as the preset has it.
class PresetRunTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  private Path problems(String split, int count) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      lines.add(
          ("{\"problem\":\"%d+1?\",\"solution\":\"Add.\",\"answer\":\"%d\",\"unique_id\":"
                  + "\"%s/algebra/%d.json\"}")
              .formatted(i, i + 1, split, i));
    }
    return Files.write(folder.resolve(split + ".jsonl"), lines);
  }

  private Path model() throws IOException {
    return TestData.writeTinyModel(folder.resolve("model"));
  }

  private RunFolder run(String... settings) throws IOException {
    Path out = folder.resolve("run");
    List<Object> arguments =
        new ArrayList<>(
            List.of("run", "--preset", "math-llama2-7b-chat", "--model", model(), "--out", out));
    for (String setting : settings) {
      arguments.add("--set");
      arguments.add(setting);
    }
    CommandLineRun.of("", arguments.toArray()).requireSuccess();
    return new RunFolder(out);
  }

  private static List<PreferencePair> pairs(Path file) throws IOException {
    return TableReader.readAll(file, PreferencePair::of);
  }

  @Test
  void mathIsSampledPairedDrawnTrainedChosenAndTrainedAgainInEachIteration() throws IOException {
    RunFolder run =
        run(
            "task.trainFile=" + problems("train", 12),
            "task.testFile=" + problems("test", 2),
            "task.examples=train/algebra/3.json",
            "task.heldOutProblems=4",
            "rollouts.perPrompt=2",
            "rollouts.maxNewTokens=4",
            "pairs.perPrompt=2",
            "pairs.atMost=13",
            "train.steps=3",
            "train.batchSize=2",
            "train.tokenBudget=512",
            "train.evaluateEverySteps=2",
            "evaluate.majoritySamples=0",
            "compute.threads=2");
    RunConfig config = RunConfig.load(Optional.of(run.configFile()), List.of());
    assertEquals(3, config.iterations());
    for (int t = 1; t <= config.iterations(); t++) {
      assertEquals(13, pairs(run.rollouts(t).pairs()).size(), "of (12 − 1 − 4) · 2 = 14");
      assertEquals(13, pairs(run.retrainRollouts(t).pairs()).size(), "of 13 + 4 · 2 = 21");
      JsonNode counts = MAPPER.readTree(run.retrainRollouts(t).counts().toFile());
      assertEquals(8, counts.get("notDrawn").asInt());
      List<Rollout> heldOut = TableReader.readAll(run.retrainRollouts(t).part(0), Rollout::of);
      assertTrue(heldOut.stream().allMatch(rollout -> rollout.grader().equals("math-v2")));
      assertEquals(4, heldOut.stream().map(Rollout::problemId).collect(Collectors.toSet()).size());
      JsonNode chosen = MAPPER.readTree(run.chosen(t).toFile());
      assertEquals(3, chosen.get("totalSteps").asInt());
      try (Stream<String> steps = Files.lines(run.retraining(t).metrics())) {
        assertEquals(chosen.get("step").asInt(), steps.count());
      }
      assertTrue(Files.exists(run.evaluation(t)));
    }
    CommandLineRun inspected = CommandLineRun.of("", "inspect", run.root());
    inspected.requireSuccess();
    assertTrue(inspected.out().contains("iteration 3  finished"), inspected.out());
    CommandLineRun again =
        CommandLineRun.of(
            "",
            "run",
            "--config",
            run.configFile(),
            "--model",
            folder.resolve("model"),
            "--out",
            run.root());
    again.requireSuccess();
  }

  @Test
  void configShowsWhereEachNumberComesFrom() {
    CommandLineRun shown = CommandLineRun.of("", "config", "--preset", "arc-llama2-70b-chat");
    shown.requireSuccess();
    assertTrue(
        shown
            .out()
            .contains(
                "  # from: arXiv:2404.19733 section 3.2: 0.8 in iterations 1 and 2, 1.3 in 3\n"
                    + "  temperature: [0.8, 0.8, 1.3]\n"),
        shown.out());
  }
}
