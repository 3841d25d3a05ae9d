package dev.irpo.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.pair.PreferencePair;
import dev.irpo.run.MeasuredLogProbs;
import dev.irpo.run.Progress;
import dev.irpo.run.RunFolder;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A small experiment with the tiny model.
class ExperimentTest {
  private static final String FILE =
      """
      title: a small one
      preset: demo
      settings:
        task.trainProblems: 6
        task.heldOutProblems: 4
        task.testProblems: 5
        rollouts.perPrompt: 4
        rollouts.maxNewTokens: 24
        train.tokenBudget: 1024
        train.evaluateEverySteps: 1
        train.checkpointEverySteps: 1
        evaluate.majoritySamples: 2
      seeds: [1, 2]
      protocols:
        - {name: same, settings: {optimizer.learningRate: 1e-3}}
        - {name: own, choose: {optimizer.learningRate: [1e-3, 1e-2]}}
      recipes:
        irpo: {iterations: 2, settings: {evaluate.pairs: 3}}
        gold: {settings: {loss.kind: sft, pairs.source: gold}}
        dpo: {start: gold@1, rollouts: irpo, settings: {loss.kind: dpo, pairs.scoreSamples: true}}
      rows:
        - {title: nothing, model: irpo@0, paper: 55.6}
        - {title: IRPO, model: irpo@1}
        - {title: DPO, model: dpo@1}
      figures:
        - {title: One figure, curves: {IRPO: irpo}}
      claims:
        - {text: it learns, difference: "irpo@2:chosen - irpo@0:rejected"}
        - {text: it helps, difference: irpo@1 - irpo@0}
      """;

  @TempDir private static Path temporary;

  private static Path root;
  private static String tables;

  @BeforeAll
  static void run() throws IOException {
    Files.writeString(temporary.resolve("small.yaml"), FILE);
    root = temporary.resolve("alone");
    tables = run(root, Group.alone());
  }

  private record TinyStart(Backend cpu) implements Experiment.StartModel {
    @Override
    public void copyTo(Path folder) throws IOException {
      TestData.tinyModel(cpu).save(folder);
    }

    @Override
    public void requireRoom(RunConfig config, Path folder) {
      // tiny
    }
  }

  private static String run(Path folder, Group group) throws IOException {
    return run(folder, group, List.of(), List.of());
  }

  private static String run(Path folder, Group group, List<Long> seeds, List<Path> results)
      throws IOException {
    Path file = temporary.resolve("small.yaml");
    try (Backend cpu = new CpuBackend(1)) {
      return new Experiment(
              file.toString(),
              seeds,
              List.of("train.reproducible=true"),
              results,
              folder,
              new TinyStart(cpu),
              cpu,
              group,
              Progress.NONE)
          .run();
    }
  }

  @Test
  void runsEveryRecipeAndResumesWhereItWas() throws IOException {
    assertEquals(tables, Files.readString(root.resolve("results.md")));
    assertTrue(tables.contains("| nothing | 55.6"), tables);
    assertTrue(tables.contains("pass@2"), tables);
    JsonNode outcomes =
        new ObjectMapper().readTree(root.resolve("results.json").toFile()).get("outcomes");
    assertEquals(2 * 2 * 3, outcomes.size());

    Path irpo = root.resolve("seed-1/irpo/learningRate-1e-3");
    Path dpo = root.resolve("seed-1/dpo/from-learningRate-1e-3/learningRate-1e-3");
    Path part = Path.of("iteration-1/rollouts/part-00000.arrow");
    assertEquals(-1, Files.mismatch(irpo.resolve(part), dpo.resolve(part)));
    assertFalse(Files.exists(root.resolve("seed-1/gold/learningRate-1e-3").resolve(part)));

    FileTime made = Files.getLastModifiedTime(irpo.resolve("iteration-2/evaluation.json"));
    deleteEvaluation(dpo);
    assertEquals(tables, run(root, Group.alone()));
    assertEquals(made, Files.getLastModifiedTime(irpo.resolve("iteration-2/evaluation.json")));
  }

  private static void deleteEvaluation(Path run) throws IOException {
    Files.delete(run.resolve("iteration-1/evaluation.json"));
  }

  @Test
  void aRecipeThatStartsElsewhereHasReferencesOfItsOwnStart() throws IOException {
    RunFolder irpo = new RunFolder(root.resolve("seed-1/irpo/learningRate-1e-3"));
    RunFolder dpo =
        new RunFolder(root.resolve("seed-1/dpo/from-learningRate-1e-3/learningRate-1e-3"));
    List<PreferencePair> ofStart = pairs(irpo);
    List<PreferencePair> ofGold = pairs(dpo);
    assertEquals(ofStart.size(), ofGold.size());
    for (int i = 0; i < ofStart.size(); i++) {
      assertEquals(ofStart.get(i).rejectedSample(), ofGold.get(i).rejectedSample());
      assertTrue(
          ofStart.get(i).rejectedReferenceLogProb() != ofGold.get(i).rejectedReferenceLogProb());
    }
  }

  @Test
  void theAccuracyOfWhatARecipeStartsFromIsKnown() throws IOException {
    Path gold = root.resolve("seed-1/gold/learningRate-1e-3/iteration-1/evaluation.json");
    Path dpo =
        root.resolve("seed-1/dpo/from-learningRate-1e-3/learningRate-1e-3")
            .resolve("iteration-0/evaluation.json");
    assertTrue(Files.isSameFile(gold, dpo), "linked");
  }

  private static List<PreferencePair> pairs(RunFolder folder) throws IOException {
    return TableReader.readAll(folder.rollouts(1).pairs(), PreferencePair::of);
  }

  @Test
  void goldSolutionsAreTrainedOnWithoutSampling() throws IOException {
    List<PreferencePair> gold = pairs(new RunFolder(root.resolve("seed-1/gold/learningRate-1e-3")));
    assertEquals(6, gold.size());
    for (PreferencePair pair : gold) {
      assertEquals(PreferencePair.GOLD, pair.chosenSample());
      assertEquals(PreferencePair.NONE, pair.rejectedSample());
      assertEquals(0, pair.rejectedIds().length);
    }
  }

  @Test
  void settingsAreChosenOnHeldOutProblems() throws IOException {
    JsonNode outcomes =
        new ObjectMapper().readTree(root.resolve("results.json").toFile()).get("outcomes");
    int compared = 0;
    for (JsonNode outcome : outcomes) {
      if (outcome.get("protocol").textValue().equals("own")) {
        Path chosen = root.resolve(outcome.get("folder").textValue());
        int most = heldOut(chosen).correct();
        for (String rate : List.of("1e-3", "1e-2")) {
          Path other = chosen.resolveSibling("learningRate-" + rate);
          assertTrue(heldOut(other).correct() <= most, chosen + " and " + other);
          compared++;
        }
      }
    }
    assertEquals(2 * 3 * 2, compared);
  }

  @Test
  void drawsOfOtherMachinesComeFromTheirResults() throws IOException {
    Path first = temporary.resolve("first");
    String one = run(first, Group.alone(), List.of(1L), List.of());
    assertFalse(one.equals(tables));
    Path results = first.resolve("results.json");
    Path second = temporary.resolve("second");
    assertEquals(tables, run(second, Group.alone(), List.of(2L), List.of(results)));
    assertFalse(Files.exists(second.resolve("seed-1")));
    assertEquals(-1, Files.mismatch(root.resolve("results.json"), second.resolve("results.json")));

    IllegalArgumentException twice =
        assertThrows(
            IllegalArgumentException.class,
            () -> run(second, Group.alone(), List.of(), List.of(results, results)));
    assertEquals(results + ": draw 1 is in two results; name one", twice.getMessage());
  }

  @Test
  void resultsOfOlderVersionsAreRefusedInOneLine() throws IOException {
    Path old = temporary.resolve("old.json");
    Files.writeString(old, "{\"title\": \"a small one\", \"outcomes\": []}");
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> run(temporary.resolve("none"), Group.alone(), List.of(), List.of(old)));
    assertTrue(error.getMessage().contains("old.json: an older version wrote it"));
  }

  @Test
  void lostLogProbabilitiesAreMeasuredAgain() throws IOException {
    Path lost = new RunFolder(root.resolve("seed-1/irpo/learningRate-1e-3")).logProbs(1);
    byte[] before = Files.readAllBytes(lost);
    Files.delete(lost);
    assertEquals(tables, run(root, Group.alone()));
    assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(lost)));
  }

  @Test
  void drawsOfAnotherExperimentAreRefused() throws IOException {
    Path other = temporary.resolve("other.yaml");
    Files.writeString(other, FILE.replace("maxNewTokens: 24", "maxNewTokens: 23"));
    Path results = root.resolve("results.json");
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                StoredResults.read(
                    results,
                    ExperimentFile.read(other.toString()),
                    List.of("train.reproducible=true")));
    assertTrue(error.getMessage().contains("holds draws of another experiment"));
  }

  @Test
  void figuresHaveTheMeasuredPairs() throws IOException {
    assertTrue(tables.contains("One figure: mean log-probability of 3 pairs in nats"), tables);
    MeasuredLogProbs measured =
        RunFolder.readJson(
            new RunFolder(root.resolve("seed-1/irpo/learningRate-1e-3")).logProbs(1),
            MeasuredLogProbs.class);
    JsonNode outcome =
        new ObjectMapper().readTree(root.resolve("results.json").toFile()).get("outcomes").get(0);
    assertEquals(
        measured.steps().getLast().chosen(),
        outcome.at("/logProbs/0/steps").get(measured.steps().size() - 1).get("chosen").asDouble());
  }

  private static Accuracy heldOut(Path run) throws IOException {
    return new RunFolder(run).bestHeldOut(1).orElseThrow();
  }

  @Test
  void processesShareIt() throws IOException {
    List<String> shared = InProcess.run(2, group -> run(temporary.resolve("shared"), group));
    assertEquals(List.of(tables, tables), shared);
  }
}
