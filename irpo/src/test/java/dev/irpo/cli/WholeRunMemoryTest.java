package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.plan.MemoryNeed;
import dev.irpo.plan.Roofline;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.SmallRun;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole run in a process of its own takes the memory that is planned: rollouts, scoring, two
/// trainings, two evaluations on held-out problems, the model's replacement and its evaluation.
class WholeRunMemoryTest {
  private static final double SHARE = 0.05;
  private static final long POLL_MS = 5;

  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=1",
          "compute.threads=2",
          "train.steps=2",
          "train.batchSize=2",
          "train.checkpointEverySteps=0",
          "train.evaluateEverySteps=1",
          "evaluate.majoritySamples=2");

  /// 16 million parameters.
  private static final LlamaConfig SIZES =
      new LlamaConfig(400, 512, 1408, 5, 8, 8, 64, 256, 10000, 1e-5, true, 1, List.of(2));

  @TempDir private Path folder;

  private LanguageModel model(Backend backend) {
    return new LanguageModel(
        SIZES,
        new ObjectMapper().valueToTree(SIZES.toHuggingFace()),
        Parameters.random(backend, SIZES, 3),
        Optional.of(TestData.tokenizer(SIZES.vocabSize())));
  }

  private MemoryNeed planned(LanguageModel model) throws IOException {
    Prompts prompts = Prompts.of(CONFIG, model.text(), SIZES);
    return DryRun.of(CONFIG, prompts, DType.F32, 1)
        .plan(folder.resolve("plan"), Roofline.Device.ANY)
        .memory();
  }

  private Process start(Path model) throws IOException {
    Path config = Files.writeString(folder.resolve("config.yaml"), CONFIG.toYaml());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    try (var flags = Main.class.getResourceAsStream("jvm.flags")) {
      new String(flags.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(command::add);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("run", "--model", model.toString(), "--config", config.toString()));
    command.addAll(List.of("--out", folder.resolve("run").toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
  }

  /// Bytes of a process that no file backs; 0 once it has ended.
  private static long anonymousBytes(Path status) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException | java.io.UncheckedIOException e) {
      return 0;
    }
  }

  @Test
  void aRunTakesWhatIsPlanned() throws IOException, InterruptedException {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "the system does not tell");
    Path start = folder.resolve("model");
    MemoryNeed need;
    try (Backend backend = new CpuBackend(2)) {
      LanguageModel model = model(backend);
      model.save(start);
      need = planned(model);
    }
    Process process = start(start);
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    long peak = 0;
    while (process.isAlive()) {
      peak = Math.max(peak, anonymousBytes(status));
      Thread.sleep(POLL_MS);
    }
    String log = Files.readString(folder.resolve("log"));
    assertEquals(0, process.exitValue(), log);
    assertTrue(Files.exists(folder.resolve("run/iteration-1/evaluation.json")), log);
    assertEquals(1, peak / (double) need.totalBytes(), SHARE, "took " + peak + ", planned " + need);
  }
}
