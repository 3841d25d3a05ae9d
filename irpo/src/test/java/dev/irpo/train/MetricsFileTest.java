package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsFileTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  private static StepMetrics step(int step, double loss) {
    return new StepMetrics(step, loss, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  }

  private static void append(Path file, int behind, double loss, int... steps) throws IOException {
    try (MetricsFile metrics = MetricsFile.continueAt(file, behind)) {
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
  void aLineHasExactlyTheKeysThatOtherProgramsRead() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    append(file, 0, 0.5, 1);
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
        List.copyOf(
            lines(file).getFirst().properties().stream().map(entry -> entry.getKey()).toList()));
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
  void aLineThatWasCutOffBehindTheCheckpointGoes() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    append(file, 0, 0.5, 1, 2);
    Files.writeString(file, Files.readString(file) + "{\"step\":3,\"lo");
    append(file, 2, 0.25, 3);
    assertEquals(3, lines(file).size());
    assertEquals(0.25, lines(file).getLast().get("loss").asDouble());
  }
}
