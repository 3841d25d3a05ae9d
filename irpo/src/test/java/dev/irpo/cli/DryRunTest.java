package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `run --dry-run` over files as they are published.
class DryRunTest {
  private static final List<String> EXAMPLES =
      List.of(
          "algebra/25722.json", "precalculus/263.json", "algebra/1152.json", "algebra/1594.json");

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = TestData.writeTinyModel(folder.resolve("model"), 2048);
  }

  private CommandLineRun rehearse(Object... more) {
    List<Object> arguments =
        new ArrayList<>(List.of("run", "--dry-run", "--model", model, "--out", out()));
    arguments.addAll(List.of(more));
    CommandLineRun run = CommandLineRun.of("", arguments.toArray());
    assertFalse(Files.exists(out()), "something is written");
    return run;
  }

  private Path out() {
    return folder.resolve("runs/new");
  }

  private Path lines(String name, int count, String template) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(
        file, IntStream.range(0, count).mapToObj(i -> template.replace("{i}", "" + i)).toList());
  }

  private Object[] gsm8k(String preset) throws IOException {
    String problem = "{\"question\":\"What is {i}+0?\",\"answer\":\"Add.\\n#### {i}\"}";
    return new Object[] {
      "--preset",
      preset,
      "--set",
      "task.trainFile=" + lines("gsm8k/train.jsonl", 1007, problem),
      "--set",
      "task.testFile=" + lines("gsm8k/test.jsonl", 5, problem)
    };
  }

  @Test
  void itPlansOneOfTheProcessesThatHoldAModel() throws IOException {
    List<Object> arguments = new ArrayList<>(List.of(gsm8k("gsm8k-llama2-7b-chat")));
    CommandLineRun alone = rehearse(arguments.toArray());
    assertFalse(alone.out().contains("each sends"), alone.out());
    String whole = weights(alone);
    arguments.addAll(List.of("--set", "compute.tensorParallel=2"));
    CommandLineRun sliced = rehearse(arguments.toArray());
    assertEquals(0, sliced.code(), sliced.err());
    assertFalse(weights(sliced).equals(whole), "a slice is as large as the whole");
    requireLines(
        sliced,
        "stage .* each sends",
        "  sample +210 responses .* [0-9.]+ [kMGT]?B +[0-9.]+ [kMGT]?B",
        "the whole run .* [0-9.]+ [kMGT]?B");
  }

  private static String weights(CommandLineRun run) {
    return run.out().lines().filter(line -> line.contains("weights")).findFirst().orElseThrow();
  }

  private void mathProblem(String split, String name) throws IOException {
    Path file = folder.resolve("math").resolve(split).resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        "{\"problem\":\"What is 1+1?\",\"level\":\"Level 1\",\"type\":\"Algebra\","
            + "\"solution\":\"It is $\\\\boxed{2}$.\"}");
  }

  private Object[] math(String preset) throws IOException {
    for (int i = 1; i <= 1007; i++) {
      mathProblem("train", "number_theory/" + i + ".json");
    }
    for (String example : EXAMPLES) {
      mathProblem("train", example);
    }
    for (int i = 1; i <= 5; i++) {
      mathProblem("test", "algebra/" + i + ".json");
    }
    return new Object[] {
      "--preset",
      preset,
      "--set",
      "task.trainFile=" + folder.resolve("math/train"),
      "--set",
      "task.testFile=" + folder.resolve("math/test")
    };
  }

  private Object[] arc(String preset) throws IOException {
    String problem =
        "{\"id\":\"M_{i}\",\"question\":\"Which is"
            + " {i}?\",\"choices\":{\"text\":[\"{i}\",\"a\",\"b\",\"c\"],"
            + "\"label\":[\"A\",\"B\",\"C\",\"D\"]},\"answerKey\":\"A\"}";
    return new Object[] {
      "--preset",
      preset,
      "--set",
      "task.trainFile=" + lines("arc-challenge/train.jsonl", 7, problem),
      "--set",
      "task.devFile=" + lines("arc-challenge/dev.jsonl", 3, problem),
      "--set",
      "task.testFile=" + lines("arc-challenge/test.jsonl", 5, problem)
    };
  }

  private static void requireLines(CommandLineRun run, String... patterns) {
    run.requireSuccess();
    for (String pattern : patterns) {
      assertTrue(run.out().lines().anyMatch(line -> line.matches(pattern)), pattern + run.out());
    }
  }

  @Test
  void gsm8kIsHeldOutSampledTrainedAndTrainedAgain() throws IOException {
    for (String size : List.of("7b", "70b")) {
      requireLines(
          rehearse(gsm8k("gsm8k-llama2-" + size + "-chat")),
          "gsm8k, 4 iterations, .*",
          "train +7 .*",
          "held-out +1,000 .*",
          "test +5 .*",
          "  sample +210 responses .*",
          "  score gold solutions +7 solutions .*",
          "  pair +70 pairs .*",
          "  train +5,000 steps .*",
          "  choose of 10 checkpoints +10,000 responses .*",
          "  sample held-out +30,000 responses .*",
          "  pair +10,070 pairs .*",
          "  train again with held-out +5,000 steps .*",
          "  evaluate majority of 32 +160 responses .*",
          "the whole run .*",
          "  after iteration 4 .*",
          "  together .*",
          "nothing was computed or written");
    }
  }

  @Test
  void mathShowsItsExamplesAndDrawsPairs() throws IOException {
    for (String size : List.of("7b", "70b")) {
      requireLines(
          rehearse(math("math-llama2-" + size + "-chat")),
          "math, 3 iterations, .*",
          "train +7 .*",
          "held-out +1,000 .*",
          "  sample +140 responses +143,360 .*",
          "  pair +105 pairs .*",
          "  train again with held-out +5,000 steps .*",
          "  after iteration 3 .*");
    }
  }

  @Test
  void arcChoosesOnItsDevSetAndTrainsOnce() throws IOException {
    for (String size : List.of("7b", "70b")) {
      CommandLineRun run = rehearse(arc("arc-llama2-" + size + "-chat"));
      requireLines(
          run,
          "arc-challenge, 3 iterations, .*",
          "train +7 .*",
          "held-out +3 .*",
          "  sample +210 responses .*",
          "  pair +140 pairs .*",
          "  train +4,000 steps .*",
          "  choose of 8 checkpoints +24 responses .*");
      assertFalse(run.out().contains("gold"), run.out());
      assertFalse(run.out().contains("again"), run.out());
    }
  }

  @Test
  void theRealFilesOfGsm8kGiveThePapersNumbersForAModelThatIsOnlyNamed() {
    Path files = ForeignData.path("gsm8k");
    Path tokenizer = ForeignData.path("llama2-tokenizer/tokenizer.model");
    model = Path.of("llama-2-70b");
    CommandLineRun run =
        rehearse(
            "--tokenizer",
            tokenizer,
            "--preset",
            "gsm8k-llama2-70b-chat",
            "--set",
            "task.trainFile=" + files.resolve("train.jsonl"),
            "--set",
            "task.testFile=" + files.resolve("test.jsonl"));
    for (String pattern :
        List.of(
            "train +6,473 .*",
            "held-out +1,000 .*",
            "test +1,319 .*",
            "  sample +194,190 responses +99,425,280 .*",
            "  pair +60,000 pairs .*",
            "  weights +275.91 GB")) {
      assertTrue(run.out().lines().anyMatch(line -> line.matches(pattern)), pattern + run.out());
    }
  }

  @Test
  void aNameAloneNeedsATokenizer() {
    model = Path.of("llama-2-7b");
    rehearse("--set", "preset=demo").requireRefused("llama-2-7b", "--tokenizer");
  }

  @Test
  void wrongAndMissingFilesAndIdsAreALineEach() throws IOException {
    Object[] gsm8k = gsm8k("gsm8k-llama2-7b-chat");
    Path train = folder.resolve("gsm8k/train.jsonl");
    Files.writeString(train, "{\"question\":\"1+1?\",\"answer\":\"two\"}\n");
    rehearse(gsm8k).requireRefused(train, "####");
    Files.writeString(train, "not json\n");
    rehearse(gsm8k).requireRefused(train);
    Files.writeString(train, "{\"question\":\"1+1?\",\"answer\":\"#### 2\"}\n");
    rehearse(gsm8k).requireRefused(train, "task.heldOutProblems is 1000", "1 problems");
    Files.delete(train);
    rehearse(gsm8k).requireRefused(train);

    Object[] math = math("math-llama2-7b-chat");
    Files.delete(folder.resolve("math/train/algebra/1152.json"));
    rehearse(math).requireRefused("task.examples", "train/algebra/1152.json");

    Object[] arc = arc("arc-llama2-7b-chat");
    Path dev = folder.resolve("arc-challenge/dev.jsonl");
    Files.delete(dev);
    rehearse(arc).requireRefused(dev);
    rehearse("--preset", "arc-llama2-7b-chat").requireRefused("data/arc-challenge/train.jsonl");
  }

  @Test
  void whatCannotFitIsRefusedAfterItsPlanAndBeforeARun() {
    Object[] large = {
      "--set",
      "preset=demo",
      "--set",
      "rollouts.slots=65536",
      "--set",
      "rollouts.maxNewTokens=1500",
      "--set",
      "train.tokenBudget=4194304"
    };
    CommandLineRun run = rehearse(large);
    run.requireRefused("memory: needs", "key-value cache", "activations", "train.recompute");
    assertTrue(run.out().contains("the whole run"), run.out());
    List<Object> real = new ArrayList<>(List.of("run", "--model", model, "--out", out()));
    real.addAll(List.of(large));
    CommandLineRun refused = CommandLineRun.of("", real.toArray());
    refused.requireRefused("memory: needs");
    assertEquals("", refused.out());
    assertFalse(Files.exists(out()));
  }

  @Test
  void aFolderThatCannotBeIsRefusedBeforeThePlan() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    CommandLineRun run =
        CommandLineRun.of(
            "",
            "run",
            "--dry-run",
            "--model",
            model,
            "--out",
            file.resolve("run"),
            "--set",
            "preset=demo");
    run.requireRefused(file, "--out");
    assertEquals("", run.out());
  }
}
