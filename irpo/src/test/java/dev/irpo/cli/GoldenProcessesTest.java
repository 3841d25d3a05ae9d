package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.testdata.Mpi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The golden trajectory, trained by several processes of MPI.
class GoldenProcessesTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final double TOLERANCE = 1e-4;
  private static final int STEPS = 10;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "OPEN_MPI, 1, 1, false",
    "OPEN_MPI, 2, 1, false",
    "OPEN_MPI, 2, 2, false",
    "OPEN_MPI, 4, 2, false",
    "OPEN_MPI, 4, 3, false",
    "OPEN_MPI, 4, 1, true",
    "OPEN_MPI, 2, 3, true",
    "MPICH, 2, 2, false",
    "MPICH, 4, 1, false",
    "MPICH, 2, 3, false"
  })
  void tenStepsFollowTheGoldenTrajectory(Mpi mpi, int processes, int stage, boolean isReproducible)
      throws Exception {
    Path out = folder.resolve("trained");
    List<Object> arguments =
        new ArrayList<>(List.of("train", "--policy", GoldenFiles.path("tiny/reference")));
    arguments.addAll(List.of("--pairs", pairs(), "--out", out));
    for (String setting :
        List.of(
            "train.zeroStage=" + stage,
            "train.reproducible=" + isReproducible,
            "loss.paperVersion=v1",
            "loss.alpha=1",
            "train.steps=" + STEPS,
            "train.batchSize=3",
            "train.shuffle=false",
            "train.tokenBudget=256",
            "optimizer.learningRate=1e-3",
            "optimizer.weightDecay=0.1",
            "optimizer.warmupSteps=0")) {
      arguments.addAll(List.of("--set", setting));
    }
    CommandLineRun run = MpiRun.of(mpi, folder, processes, "", arguments.toArray());
    assertEquals(0, run.code(), run.err());
    List<String> found = Files.readAllLines(out.resolve("metrics.jsonl"));
    JsonNode expected = golden("trajectory").get("steps");
    assertEquals(STEPS, found.size());
    for (int i = 0; i < STEPS; i++) {
      JsonNode step = MAPPER.readTree(found.get(i));
      for (String name : List.of("loss", "dpo", "nll")) {
        assertEquals(expected.get(i).get(name).asDouble(), step.get(name).asDouble(), TOLERANCE);
      }
      double norm = expected.get(i).get("gradNorm").asDouble();
      assertEquals(norm, step.get("gradNorm").asDouble(), TOLERANCE * norm);
    }
  }

  private static JsonNode golden(String part) throws IOException {
    return GoldenFiles.json("tiny/golden.json").get(part);
  }

  private Path pairs() throws IOException {
    List<String> lines = new ArrayList<>();
    for (JsonNode pair : golden("pairs")) {
      lines.add(
          "{\"promptIds\":%s,\"chosenIds\":%s,\"rejectedIds\":%s}"
              .formatted(pair.get("prompt"), pair.get("chosen"), pair.get("rejected")));
    }
    return Files.write(folder.resolve("pairs.jsonl"), lines);
  }
}
