package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.pair.PreferencePair;
import dev.irpo.run.RunFolder;
import dev.irpo.run.SmallRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole run whose loss reads no reference, and what its pairs are good for.
class SimpoRunTest {
  @TempDir private Path folder;

  private Path model() throws IOException {
    return TestData.writeTinyModel(folder.resolve("model"));
  }

  private RunFolder run(Path model) throws IOException {
    Path config = folder.resolve("config.yaml");
    Files.writeString(
        config,
        SmallRun.CONFIG
            .with("iterations=1", "loss.kind=simpo", "evaluate.majoritySamples=0")
            .toYaml());
    RunFolder run = new RunFolder(folder.resolve("run"));
    CommandLineRun.of("", "run", "--model", model, "--config", config, "--out", run.root())
        .requireSuccess();
    return run;
  }

  private CommandLineRun train(Path model, RunFolder run, String kind, Object... more) {
    Object[] arguments = {
      "train",
      "--policy",
      model,
      "--pairs",
      run.rollouts(1).pairs(),
      "--out",
      folder.resolve("trained-" + kind),
      "--set",
      "train.steps=1",
      "--set",
      "loss.kind=" + kind
    };
    Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return CommandLineRun.of("", all);
  }

  @Test
  void aRunWithoutAReferenceTrainsAndItsPairsNeedOneForAnotherLoss() throws IOException {
    Path model = model();
    RunFolder run = run(model);
    List<String> lines = Files.readAllLines(run.training(1).metrics());
    assertEquals(6, lines.size());
    JsonNode first = new ObjectMapper().readTree(lines.getFirst());
    JsonNode last = new ObjectMapper().readTree(lines.getLast());
    assertTrue(last.get("loss").doubleValue() < first.get("loss").doubleValue(), lines::toString);
    assertTrue(Double.isFinite(last.get("rewardMargin").doubleValue()), lines::toString);
    assertFalse(first.has("dpo"));
    assertTrue(Files.exists(run.evaluation(1)));
    assertNotEquals(-1, Files.mismatch(weights(run.model(0)), weights(run.model(1))));

    List<PreferencePair> pairs = TableReader.readAll(run.rollouts(1).pairs(), PreferencePair::of);
    assertTrue(
        pairs.stream()
            .filter(pair -> pair.chosenSample() == PreferencePair.GOLD)
            .allMatch(pair -> Float.isNaN(pair.chosenReferenceLogProb())),
        "a gold solution was scored");
    train(model, run, "simpo").requireSuccess();
    train(model, run, "irpo")
        .requireRefused(run.rollouts(1).pairs() + " problem", "name the model with --reference");
    train(model, run, "irpo", "--reference", model).requireSuccess();
  }

  @Test
  void aReferenceThatNoLossReadsIsRefusedBeforeAnythingIsLoaded() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("run"));
    for (String kind : List.of("simpo", "sft")) {
      train(folder.resolve("nowhere"), run, kind, "--reference", folder.resolve("other"))
          .requireRefused("--reference", "loss.kind " + kind + " reads no reference");
    }
  }

  private static Path weights(Path model) {
    return model.resolve("weights-00001-of-00001.arrow");
  }
}
