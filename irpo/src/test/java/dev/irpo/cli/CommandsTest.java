package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = TestData.writeTinyModel(folder.resolve("model"));
  }

  private static float[] floats(JsonNode array) {
    return MAPPER.convertValue(array, float[].class);
  }

  private static int[] ints(JsonNode array) {
    return MAPPER.convertValue(array, int[].class);
  }

  private float[] score(int[] prompt, int[] response) throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel loaded = TestData.open(backend, model);
      return new Scorer(backend, loaded.parameters(), 256)
          .score(List.of(new Sequence(prompt, response)))
          .getFirst()
          .tokenLogProbs();
    }
  }

  @Test
  void scoreTakesIdsAsTheyAreWithoutABos() throws IOException {
    List<JsonNode> lines =
        CommandLineRun.of(
                "{\"promptIds\":[9,8],\"responseIds\":[7,6,5]}\n\n"
                    + "{\"promptIds\":[1,9,8],\"responseIds\":[7,6,5]}\n",
                "score",
                "--model",
                model)
            .lines();
    assertEquals(2, lines.size());
    float[] bare = score(new int[] {9, 8}, new int[] {7, 6, 5});
    assertArrayEquals(bare, floats(lines.getFirst().get("tokenLogProbs")));
    float[] withBos = score(new int[] {1, 9, 8}, new int[] {7, 6, 5});
    assertArrayEquals(withBos, floats(lines.getLast().get("tokenLogProbs")));
    assertEquals(
        (double) bare[0] + bare[1] + bare[2], lines.getFirst().get("logProb").asDouble(), 1e-5);
  }

  @Test
  void scoreOfTextsPutsBosBeforeThePrompt() throws IOException {
    JsonNode line =
        CommandLineRun.of(
                "{\"prompt\":\"Tom has 3\",\"response\":\" 4 apples\"}",
                "score",
                "--model",
                model,
                "--threads",
                2)
            .lines()
            .getFirst();
    var tokenizer = TestData.tokenizer(400);
    int[] text = tokenizer.encode("Tom has 3");
    int[] prompt = new int[text.length + 1];
    prompt[0] = 1;
    System.arraycopy(text, 0, prompt, 1, text.length);
    assertArrayEquals(
        score(prompt, tokenizer.encode("4 apples")), floats(line.get("tokenLogProbs")));
  }

  @Test
  void sampleRecordsWhatScoreGives() throws IOException {
    CommandLineRun sampled =
        CommandLineRun.of(
            "{\"prompt\":\"Tom has\"}\n{\"promptIds\":[1,40]}\n",
            "sample",
            "--model",
            model,
            "-n",
            3,
            "--max-new-tokens",
            7,
            "--temperature",
            0.7,
            "--top-k",
            5,
            "--top-p",
            0.9,
            "--seed",
            4,
            "--ignore-eos");
    List<JsonNode> lines = sampled.lines();
    assertEquals(6, lines.size());
    SentencePieceTokenizer tokenizer = TestData.tokenizer(400);
    for (int i = 0; i < 6; i++) {
      JsonNode line = lines.get(i);
      assertEquals(i / 3, line.get("prompt").asInt());
      assertEquals(i % 3, line.get("sample").asInt());
      assertEquals("length", line.get("finish").asText());
      int[] ids = ints(line.get("ids"));
      assertEquals(7, ids.length);
      int[] prompt = i < 3 ? tokenizer.encode("Tom has") : new int[] {40};
      assertEquals(
          tokenizer.decode(IntStream.concat(Arrays.stream(prompt), Arrays.stream(ids)).toArray()),
          tokenizer.decode(prompt) + line.get("text").asText());
    }
    float[] scored = score(new int[] {1, 40}, ints(lines.get(4).get("ids")));
    assertArrayEquals(scored, floats(lines.get(4).get("tokenLogProbs")));
  }

  @Test
  void sampleStopsAtAText() throws IOException {
    String input = "{\"promptIds\":[1,40]}";
    Object[] arguments = {
      "sample", "--model", model, "--temperature", 0, "--max-new-tokens", 30, "--ignore-eos"
    };
    String text = CommandLineRun.of(input, arguments).lines().getFirst().get("text").asText();
    String stop = text.substring(text.length() / 2, text.length() / 2 + 2);
    Object[] stopping = Arrays.copyOf(arguments, arguments.length + 2);
    stopping[arguments.length] = "--stop";
    stopping[arguments.length + 1] = stop;
    JsonNode stopped = CommandLineRun.of(input, stopping).lines().getFirst();
    assertEquals("stop", stopped.get("finish").asText());
    assertEquals(text.substring(0, text.indexOf(stop)), stopped.get("text").asText());
    assertTrue(stopped.get("ids").size() < 30);
  }

  @Test
  void rooflineCountsKnownAndStoredModelsWithoutMemoryForThem() {
    for (Object name : List.of("llama-2-70b", model)) {
      CommandLineRun run = CommandLineRun.of("", "roofline", "--model", name, "--tokens", 128);
      run.requireSuccess();
      List<String> totals = run.out().lines().filter(line -> line.startsWith("all ")).toList();
      assertEquals(2, totals.size(), run.out());
    }
    CommandLineRun.of("", "roofline", "--model", "llama-3").requireRefused("llama-3", "llama-2-7b");
    CommandLineRun.of("", "roofline", "--bandwidth", "0").requireRefused("--bandwidth is 0");
  }

  @Test
  void tokenizeAndBackGivesTheText() throws IOException {
    String text = "Tom has 12 apples. €\nFinal";
    JsonNode ids =
        CommandLineRun.of(
                MAPPER.createObjectNode().put("text", text).toString(),
                "tokenize",
                "--model",
                model)
            .lines()
            .getFirst();
    assertArrayEquals(TestData.tokenizer(400).encode(text), ints(ids.get("ids")));
    JsonNode back =
        CommandLineRun.of(
                ids.toString(),
                "tokenize",
                "--tokenizer",
                model.resolve("tokenizer.model"),
                "--decode")
            .lines()
            .getFirst();
    assertEquals(text, back.get("text").asText());
  }

  @Test
  void gradeComparesNumbersAsNumbers() throws IOException {
    List<JsonNode> lines =
        CommandLineRun.of(
                "{\"response\":\"Final answer: $1,000\",\"answer\":\"1000.0\"}\n"
                    + "{\"response\":\"Final answer: 7\",\"answer\":8}\n"
                    + "{\"response\":\"no idea\",\"answer\":\"8\"}\n",
                "grade",
                "--task",
                "gsm8k")
            .lines();
    assertEquals("1000", lines.get(0).get("extracted").asText());
    assertTrue(lines.get(0).get("correct").asBoolean());
    assertFalse(lines.get(1).get("correct").asBoolean());
    assertTrue(lines.get(2).get("extracted").isNull());
    assertFalse(lines.get(2).get("correct").asBoolean());
  }

  @Test
  void convertAndExportKeepEveryByteOfTheWeights() throws IOException {
    Path exported = folder.resolve("exported");
    Path converted = folder.resolve("converted");
    Path again = folder.resolve("again");
    CommandLineRun.of("", "export", "--model", model, "--to", exported).requireSuccess();
    CommandLineRun.of("", "convert", "--from", exported, "--to", converted).requireSuccess();
    CommandLineRun.of("", "export", "--model", converted, "--to", again).requireSuccess();
    for (String file : List.of("model.safetensors", "tokenizer.model")) {
      assertEquals(-1, Files.mismatch(exported.resolve(file), again.resolve(file)), file);
    }
    String inspected = inspect(model);
    assertTrue(inspected.contains("model.embed_tokens.weight"), inspected);
    assertEquals(tensorLines(inspected), tensorLines(inspect(converted)));
    assertEquals(tensorLines(inspected), tensorLines(inspect(exported)));
  }

  private static String inspect(Path path) {
    CommandLineRun run = CommandLineRun.of("", "inspect", path);
    run.requireSuccess();
    return run.out();
  }

  private static List<String> tensorLines(String inspected) {
    return inspected.lines().filter(line -> line.contains(".weight")).sorted().toList();
  }

  @Test
  void convertToHalfPrecisionHalvesTheBytes() throws IOException {
    Path half = folder.resolve("half");
    CommandLineRun.of("", "convert", "--from", model, "--to", half, "--dtype", "bf16")
        .requireSuccess();
    assertTrue(inspect(half).lines().anyMatch(line -> line.contains("norm.weight")));
    assertEquals(totalBytes(inspect(model)), 2 * totalBytes(inspect(half)));
  }

  private static long totalBytes(String inspected) {
    String last = inspected.lines().toList().getLast();
    return Long.parseLong(last.replaceAll(".* (\\d+) bytes", "$1"));
  }

  private Path pairs() throws IOException {
    Path pairs = folder.resolve("pairs.jsonl");
    Files.writeString(
        pairs,
        """
        {"promptIds":[1,9,8],"chosenIds":[7,6,2],"rejectedIds":[5,2]}
        {"prompt":"Tom has","chosen":" 4","rejected":" 5 or 6"}
        """);
    return pairs;
  }

  private CommandLineRun train(Path out, Object... more) throws IOException {
    Object[] all = {
      "train",
      "--policy",
      model,
      "--pairs",
      pairs(),
      "--out",
      out,
      "--set",
      "train.steps=3",
      "--set",
      "train.batchSize=2",
      "--set",
      "train.shuffle=false"
    };
    Object[] arguments = Arrays.copyOf(all, all.length + more.length);
    System.arraycopy(more, 0, arguments, all.length, more.length);
    return CommandLineRun.of("", arguments);
  }

  @Test
  void trainOfAnAdapterWritesItUponThePolicyAndContinuesWithIt() throws IOException {
    Object[] adapter = {"--set", "adapter.rank=4", "--set", "optimizer.learningRate=1e-2"};
    Path first = folder.resolve("first");
    train(first, adapter).requireSuccess();
    Path trained = first.resolve("model");
    assertTrue(Files.exists(trained.resolve("base.json")));
    Object[] again = {"--policy", trained, "--pairs", pairs(), "--set", "train.steps=2"};
    Object[] all = {"train", "--out", folder.resolve("second")};
    Object[] arguments =
        Stream.of(all, again, adapter).flatMap(Arrays::stream).toArray(Object[]::new);
    CommandLineRun.of("", arguments).requireSuccess();
    Path second = folder.resolve("second").resolve("model");
    assertEquals(baseOf(trained), baseOf(second));
    assertEquals(model.toRealPath(), baseOf(second));
    try (StoredModel start = ModelFiles.open(model, Optional.empty());
        StoredModel one = ModelFiles.open(trained, Optional.empty());
        StoredModel two = ModelFiles.open(second, Optional.empty())) {
      int moved = 0;
      for (String name : two.tensors().keySet()) {
        boolean isSame = mismatch(one.tensor(name), two.tensor(name)) == -1;
        assertEquals(!Adapter.has(name), isSame, name);
        moved += isSame ? 0 : 1;
        if (!Adapter.has(name)) {
          assertEquals(-1, mismatch(start.tensor(name), two.tensor(name)), name);
        }
      }
      assertTrue(moved > 0);
    }
  }

  private static Path baseOf(Path adapter) throws IOException {
    String named = MAPPER.readTree(adapter.resolve("base.json").toFile()).get("model").asText();
    return adapter.resolve(named).toRealPath();
  }

  private static long mismatch(StoredTensor one, StoredTensor other) {
    return one.data().mismatch(other.data());
  }

  @Test
  void trainWritesALineAStepAndTheModel() throws IOException {
    Path out = folder.resolve("trained");
    train(out, "--set", "optimizer.learningRate=1e-3").requireSuccess();
    List<String> lines = Files.readAllLines(out.resolve("metrics.jsonl"));
    assertEquals(3, lines.size());
    JsonNode first = MAPPER.readTree(lines.getFirst());
    JsonNode last = MAPPER.readTree(lines.getLast());
    assertEquals((float) Math.log(2), (float) first.get("dpo").asDouble());
    assertTrue(last.get("loss").asDouble() < first.get("loss").asDouble());
    String trained = inspect(out.resolve("model"));
    assertEquals(tensorLines(inspect(model)).size(), tensorLines(trained).size(), trained);
    train(out).requireRefused(out.resolve("model").toString(), "finished");
  }

  @Test
  void trainWithAnotherReferenceBeginsAwayFromLn2() throws IOException {
    Path other = folder.resolve("other");
    train(other, "--set", "optimizer.learningRate=1e-2").requireSuccess();
    Path out = folder.resolve("trained");
    train(out, "--reference", other.resolve("model")).requireSuccess();
    String first = Files.readAllLines(out.resolve("metrics.jsonl")).getFirst();
    double dpo = MAPPER.readTree(first).get("dpo").asDouble();
    assertTrue(Math.abs(dpo - Math.log(2)) > 1e-4, first);
  }

  @Test
  void aReferenceOfATrainingOfAnAdapterHasNone() throws IOException {
    Path whole = folder.resolve("whole");
    Path out = folder.resolve("adapted");
    train(whole, "--reference", model).requireSuccess();
    Object[] adapter = {"--set", "adapter.rank=4", "--set", "train.parameters=adapter"};
    Object[] reference = {"--reference", model};
    train(out, Stream.of(reference, adapter).flatMap(Arrays::stream).toArray()).requireSuccess();
    assertEquals(firstLoss(whole), firstLoss(out));
  }

  @Test
  void aTrainingOfSomeOfAnAdapterIsRefused() throws IOException {
    Path out = folder.resolve("half");
    for (String some : List.of("*lora_B.weight", "head")) {
      train(out, "--set", "adapter.rank=4", "--set", "train.parameters=" + some)
          .requireRefused(
              "train.parameters: '" + some + "'", "adapter.rank=4", "add adapter to it");
      assertFalse(Files.exists(out.resolve("model")));
    }
    train(out, "--set", "adapter.rank=4", "--set", "train.parameters=adapter, head")
        .requireSuccess();
    assertFalse(Files.exists(out.resolve("model").resolve("base.json")), "more is trained");
  }

  private static double firstLoss(Path out) throws IOException {
    String line = Files.readAllLines(out.resolve("metrics.jsonl")).getFirst();
    return MAPPER.readTree(line).get("loss").asDouble();
  }

  @Test
  void sftLearnsALine() throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"prompt\":\"Tom has\",\"response\":\" 4 apples\"}\n");
    Path out = folder.resolve("sft");
    CommandLineRun.of(
            "",
            "sft",
            "--model",
            model,
            "--data",
            data,
            "--out",
            out,
            "--set",
            "train.steps=5",
            "--set",
            "train.batchSize=1",
            "--set",
            "optimizer.warmupSteps=0",
            "--set",
            "optimizer.learningRate=1e-2")
        .requireSuccess();
    List<String> lines = Files.readAllLines(out.resolve("metrics.jsonl"));
    assertEquals(5, lines.size());
    double first = MAPPER.readTree(lines.getFirst()).get("loss").asDouble();
    double last = MAPPER.readTree(lines.getLast()).get("loss").asDouble();
    assertTrue(last < first - 0.1, lines.toString());
    inspect(out.resolve("model"));
  }

  @Test
  void runPrintsItsTableAndInspectItsState() throws IOException {
    Path out = folder.resolve("run");
    CommandLineRun run =
        CommandLineRun.of(
            "",
            "run",
            "--model",
            model,
            "--out",
            out,
            "--set",
            "preset=demo",
            "--set",
            "iterations=1",
            "--set",
            "task.trainProblems=4",
            "--set",
            "task.heldOutProblems=0",
            "--set",
            "task.testProblems=3",
            "--set",
            "rollouts.maxNewTokens=5",
            "--set",
            "evaluate.majoritySamples=2");
    run.requireSuccess();
    assertTrue(run.out().lines().anyMatch(line -> line.startsWith("M_1 ")), run.out());
    String state = inspect(out);
    assertTrue(state.contains("iteration 1  finished"), state);
    Files.writeString(
        out.resolve("config.yaml"),
        Files.readString(out.resolve("config.yaml")).replace("word-problems", "gsm8k"));
    String elsewhere = inspect(out);
    assertTrue(elsewhere.contains("what is left is not known: data/gsm8k/train.jsonl"), elsewhere);
    assertTrue(elsewhere.lines().anyMatch(line -> line.startsWith("M_1 ")), elsewhere);
  }
}
