package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.events.EventsFile;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsFileTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  private static StepMetrics step(int step, double loss) {
    SequencedMap<String, Number> values = new LinkedHashMap<>();
    values.put("loss", loss);
    values.put("ofThisLossAlone", 3);
    return new StepMetrics(step, values);
  }

  private static void append(Path file, int lastStep, double loss, int... steps)
      throws IOException {
    try (MetricsFile metrics = MetricsFile.continueAt(file, lastStep)) {
      for (int step : steps) {
        metrics.append(step(step, loss));
      }
      metrics.sync();
    }
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      nodes.add(MAPPER.readTree(line));
    }
    return nodes;
  }

  @Test
  void aLineHasWhateverTheStepNames() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    append(file, 0, 0.5, 1);
    String line = Files.readString(file);
    String sum = line.replaceFirst("(?s).*\"crc32c\":\"([0-9a-f]{8})\"}\n", "$1");
    String zeroed = "{\"step\":1,\"loss\":0.5,\"ofThisLossAlone\":3,\"crc32c\":\"00000000\"}\n";
    assertEquals(zeroed.replace("00000000", sum), line);
    CRC32C crc = new CRC32C();
    crc.update(zeroed.getBytes(StandardCharsets.UTF_8));
    assertEquals(HexFormat.of().toHexDigits((int) crc.getValue()), sum);
  }

  private static List<String> keys(RunConfig config) throws IOException {
    PreferencePair pair =
        new PreferencePair("p", 0, 1, new int[] {1, 2}, new int[] {3}, new int[] {4}, -1, -1);
    List<String> keys = new ArrayList<>();
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel model = TestData.tinyModel(backend);
      new PreferenceTraining(config, backend, model, List.of(pair), 0)
          .runTo(1, step -> keys.addAll(step.line().keySet()));
    }
    return keys;
  }

  @Test
  void theLinesOfThePapersLossHaveTheKeysThatOtherProgramsRead() throws IOException {
    assertEquals(
        List.of(
            "step",
            "loss",
            "nll",
            "dpo",
            "chosenLogProb",
            "rejectedLogProb",
            "chosenReward",
            "rejectedReward",
            "rewardMargin",
            "rewardAccuracy",
            "gradNorm",
            "learningRate",
            "tokensPerSecond"),
        keys(RunConfig.of(Preset.PAPER_V1)));
  }

  @Test
  void aBarShowsTheFirstMetrics() {
    assertEquals("loss 0.500, ofThisLossAlone 3.000", step(1, 0.5).message());
  }

  @Test
  void linesOfRepeatedStepsAreReplaced() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    append(file, 0, 0.5, 1, 2, 3, 4);
    append(file, 2, 0.25, 3, 4, 5);
    List<JsonNode> lines = lines(file);
    assertEquals(
        IntStream.rangeClosed(1, 5).boxed().toList(),
        lines.stream().map(line -> line.get("step").asInt()).toList());
    assertEquals(0.5, lines.get(1).get("loss").asDouble());
    assertEquals(0.25, lines.get(2).get("loss").asDouble());
  }

  @Test
  void eventsHaveTheNumbersOfEachStepOnce() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    append(file, 0, 0.5, 1, 2, 3, 4);
    append(file, 2, Double.NaN, 3, 4, 5);
    append(file, 4, 0.25, 5);
    Path events = folder.resolve(MetricsFile.EVENTS);
    SequencedMap<Long, Map<String, Float>> steps = new LinkedHashMap<>();
    float[] losses = {0.5f, 0.5f, Float.NaN, Float.NaN, 0.25f};
    for (int i = 0; i < losses.length; i++) {
      steps.put(i + 1L, Map.of("loss", losses[i], "ofThisLossAlone", 3f));
    }
    assertEquals(steps, EventsFile.read(events));
    assertEquals(List.copyOf(steps.keySet()), List.copyOf(EventsFile.read(events).keySet()));
  }

  @Test
  void eventsDoNotDependOnWhereATrainingWasResumed() throws IOException {
    Path whole = folder.resolve("whole/metrics.jsonl");
    append(whole, 0, 1 / 3.0, 1, 2, 3, 4);
    Path resumed = folder.resolve("resumed/metrics.jsonl");
    append(resumed, 0, 1 / 3.0, 1, 2, 3);
    Files.delete(resumed.resolveSibling(MetricsFile.EVENTS)); // an older version had none
    append(resumed, 3, 1 / 3.0, 4);
    assertEquals(
        -1,
        Files.mismatch(
            whole.resolveSibling(MetricsFile.EVENTS), resumed.resolveSibling(MetricsFile.EVENTS)));
  }

  @Test
  void aLineThatWasCutOffAfterTheCheckpointGoes() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    append(file, 0, 0.5, 1, 2);
    Files.writeString(file, Files.readString(file) + "{\"step\":3,\"lo");
    append(file, 2, 0.25, 3);
    assertEquals(3, lines(file).size());
    assertEquals(0.25, lines(file).getLast().get("loss").asDouble());
  }
}
