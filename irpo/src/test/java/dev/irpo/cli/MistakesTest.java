package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A user's mistake is one line on standard error and exit code 2.
class MistakesTest {
  private static final String IDS = "{\"promptIds\":[1],\"responseIds\":[5]}";

  @TempDir private Path folder;
  private final Backend backend = new CpuBackend(1);
  private final LanguageModel tiny = TestData.tinyModel(backend);

  @AfterEach
  void close() {
    backend.close();
  }

  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = folder.resolve("model");
    tiny.save(model);
  }

  private static CommandLineRun score(Path model, String... lines) {
    return CommandLineRun.of(String.join("\n", lines), "score", "--model", model);
  }

  private Path write(String name, List<StoredTensor> tensors, int vocabSize) throws IOException {
    Path target = folder.resolve(name);
    TokenizerFiles tokenizer =
        vocabSize == tiny.config().vocabSize()
            ? tiny.tokenizerFiles()
            : TokenizerFiles.sentencePiece(TestData.tokenizer(vocabSize).toBytes());
    ArrowModelWriter.keepingTypes().write(target, tiny.huggingFaceConfig(), tensors, tokenizer);
    return target;
  }

  @Test
  void aTruncatedModelIsRefused() throws IOException {
    Path weights = model.resolve("weights-00001-of-00001.arrow");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length - 1000));
    score(model, IDS).requireRefused(weights.getFileName(), bytes.length - 1000, bytes.length);
  }

  @Test
  void aTruncatedHuggingFaceFolderIsRefused() throws IOException {
    Path exported = folder.resolve("exported");
    try (StoredModel stored = ModelFormats.open(model)) {
      new HuggingFaceWriter().write(exported, stored);
    }
    Path weights = exported.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    for (int length : new int[] {bytes.length - 1000, 100, 5, 0}) {
      Files.write(weights, Arrays.copyOf(bytes, length));
      score(exported, IDS).requireRefused(weights);
      Path target = folder.resolve("converted");
      CommandLineRun.of("", "convert", "--from", exported, "--to", target).requireRefused(weights);
      assertFalse(Files.exists(target));
    }
  }

  @Test
  void aTruncatedLlama2cFileIsRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(TestData.stories());
    Path file = folder.resolve("stories.bin");
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 4));
    score(file, IDS).requireRefused(file, bytes.length, bytes.length - 4);
  }

  @Test
  void aMissingTensorIsNamed() throws IOException {
    List<StoredTensor> tensors = new ArrayList<>(tiny.storedTensors());
    String missing = tensors.remove(3).name();
    Path broken = write("broken", tensors, 400);
    score(broken, IDS).requireRefused(broken, missing);
    CommandLineRun.of("", "export", "--model", broken, "--to", folder.resolve("exported"))
        .requireRefused(broken, missing);
    assertFalse(Files.exists(folder.resolve("exported")));
  }

  @Test
  void aTensorOfAnotherShapeIsNamedWithBothShapes() throws IOException {
    List<StoredTensor> tensors = new ArrayList<>(tiny.storedTensors());
    StoredTensor head = tensors.getFirst();
    Shape turned = Shape.of(head.shape().size(1), head.shape().size(0));
    tensors.set(0, new StoredTensor(head.name(), head.dtype(), turned, head.data()));
    Path broken = write("broken", tensors, 400);
    score(broken, IDS).requireRefused(broken, head.name(), "32, 400", "400, 32");
  }

  @Test
  void aTokenizerOfAnotherSizeIsRefusedWithBothSizes() throws IOException {
    Path broken = write("broken", tiny.storedTensors(), 410);
    for (CommandLineRun run :
        List.of(
            score(broken, IDS),
            CommandLineRun.of("", "convert", "--from", broken, "--to", folder.resolve("to")),
            CommandLineRun.of(
                "",
                "run",
                "--model",
                broken,
                "--out",
                folder.resolve("run"),
                "--set",
                "task.name=word-problems"))) {
      run.requireRefused(broken.resolve("tokenizer.model"), 410, 400);
    }
    assertFalse(Files.exists(folder.resolve("run")), "something half-written is left");
    assertFalse(Files.exists(folder.resolve("to")), "something half-written is left");
  }

  @Test
  void aMissingModelIsNamedOnce() {
    Path nowhere = folder.resolve("nowhere");
    CommandLineRun run = score(nowhere, IDS);
    run.requireRefused(nowhere);
    assertEquals(run.err().indexOf("no such"), run.err().lastIndexOf("no such"), run.err());
    CommandLineRun noConfig =
        CommandLineRun.of(
            "",
            "train",
            "--policy",
            model,
            "--pairs",
            folder.resolve("pairs"),
            "--out",
            folder.resolve("out"),
            "--config",
            nowhere);
    noConfig.requireRefused(nowhere);
  }

  private CommandLineRun withData(String command, String content) throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, content);
    Path out = folder.resolve("out-" + command);
    CommandLineRun run =
        command.equals("sft")
            ? CommandLineRun.of("", "sft", "--model", model, "--data", data, "--out", out)
            : CommandLineRun.of("", "train", "--policy", model, "--pairs", data, "--out", out);
    assertFalse(Files.exists(out), "something half-written is left");
    return run;
  }

  @Test
  void anEmptyDataFileIsRefused() throws IOException {
    for (String content : List.of("", "\n  \n")) {
      withData("sft", content).requireRefused("data.jsonl", "no line");
      withData("train", content).requireRefused("data.jsonl", "no line");
    }
    Path gsm8k = folder.resolve("gsm8k.jsonl");
    Files.writeString(gsm8k, "");
    CommandLineRun.of("", "eval", "--model", model, "--set", "task.testFile=" + gsm8k)
        .requireRefused(gsm8k);
  }

  @Test
  void aBadJsonLineIsRefusedWithItsNumber() throws IOException {
    score(model, IDS, "", "{\"promptIds\":[1").requireRefused("standard input line 3");
    score(model, IDS, "[1]").requireRefused("standard input line 2", "object");
    score(model, IDS, IDS + IDS).requireRefused("standard input line 2");
    score(model, "{\"prompt\":7,\"response\":\"a\"}").requireRefused("line 1", "prompt");
    score(model, "{\"promptIds\":[1,2.5],\"responseIds\":[]}").requireRefused("line 1", "2.5");
    String good = "{\"promptIds\":[1],\"responseIds\":[5],\"chosenIds\":[5],\"rejectedIds\":[6]}";
    withData("sft", good + "\n\nnonsense").requireRefused("data.jsonl line 3");
    withData("train", good + "\n{\"promptIds\":[1]}").requireRefused("data.jsonl line 2");
    CommandLineRun.of("{\"text\":\"a\"}\n{}", "tokenize", "--model", model)
        .requireRefused("line 2", "text");
    CommandLineRun.of("{}", "grade", "--task", "gsm8k").requireRefused("line 1", "response");
  }

  @Test
  void aPromptLongerThanTheContextIsRefusedWithBothNumbers() throws IOException {
    String ids = String.join(",", Collections.nCopies(300, "5"));
    score(model, IDS, "{\"promptIds\":[" + ids + "],\"responseIds\":[5]}")
        .requireRefused("line 2", 300, 256);
    CommandLineRun.of("{\"promptIds\":[" + ids + "]}", "sample", "--model", model)
        .requireRefused("line 1", 300, 256);
    CommandLineRun.of(
            "{\"prompt\":\"" + "a b c d e f g ".repeat(50) + "\"}", "sample", "--model", model)
        .requireRefused("line 1", 256);
    withData("sft", "{\"promptIds\":[" + ids + "],\"responseIds\":[5]}")
        .requireRefused("data.jsonl", "everything", "line 1 has 301 tokens", 256);
    withData("train", "{\"promptIds\":[" + ids + "],\"chosenIds\":[5],\"rejectedIds\":[6]}")
        .requireRefused("data.jsonl", "everything", "line 1 has 301 tokens", 256);
  }

  @Test
  void aTokenBeyondTheVocabularyIsRefused() {
    score(model, "{\"promptIds\":[1],\"responseIds\":[400]}").requireRefused("line 1", 400);
    score(model, "{\"promptIds\":[-1],\"responseIds\":[4]}").requireRefused("line 1", -1);
    CommandLineRun.of("{\"ids\":[400]}", "tokenize", "--model", model, "--decode")
        .requireRefused("line 1", 400);
  }

  @Test
  void anUnknownConfigKeyIsRefusedWithTheNearest() {
    CommandLineRun.of("", "config", "--preset", "gsm8k-llama3")
        .requireRefused("--preset", "'gsm8k-llama3'", "gsm8k-llama2-7b-chat");
    CommandLineRun.of("", "config", "--set", "loss.dpoBetta=0.2")
        .requireRefused("loss.dpoBetta", "nearest is loss.dpoBeta");
    CommandLineRun.of("", "config", "--set", "train.batchSize=0")
        .requireRefused("train.batchSize", "'0'");
  }

  @Test
  void anUnknownOptionOrValueIsRefusedInOneLine() {
    CommandLineRun.of("", "score", "--model", model, "--modell", "x").requireRefused("--modell");
    CommandLineRun.of("", "score").requireRefused("--model");
    CommandLineRun.of("", "scor").requireRefused("scor");
    CommandLineRun.of("", "sample", "--model", model, "-n", "many").requireRefused("-n", "many");
    CommandLineRun.of("", "grade", "--task", "maths").requireRefused("maths", "gsm8k");
  }

  @Test
  void aMisspeltWordIsRefusedWithTheNearest() {
    CommandLineRun.of("", "sampel").requireRefused("'sampel'", "nearest is sample;");
    CommandLineRun.of("", "help", "sampel").requireRefused("'sampel'", "nearest is sample;");
    CommandLineRun.of("", "score", "--modell", "x")
        .requireRefused("--modell", "nearest is --model;");
    CommandLineRun.of("", "--hlep").requireRefused("--hlep", "nearest is --help;");
    CommandLineRun.of("", "eval", "--model", model, "--split", "tset")
        .requireRefused("'tset'", "nearest is TEST;");
    CommandLineRun.of("", "config", "--preset", "gsm8k-lama")
        .requireRefused("'gsm8k-lama'", "nearest is gsm8k-llama2-7b-chat;");
    CommandLineRun.of("", "grade", "--task", "maths").requireRefused("nearest is math;");
    CommandLineRun.of("", "config", "--set", "task.name=word-problem")
        .requireRefused("nearest is word-problems");
    CommandLineRun.of("", "config", "extra").requireRefused("'extra'");
  }

  @Test
  void aMisspeltKeyIsNamedBeforeTheOptionsThatAreMissing() {
    CommandLineRun run = CommandLineRun.of("", "run", "--set", "rollouts.sloots=3");
    run.requireRefused("irpo: --set rollouts.sloots=3", "nearest is rollouts.slots; also: Missing");
    assertTrue(run.err().contains("'--model=MODEL', '--out=DIR'"), run.err());
    CommandLineRun.of("", "run", "--preset", "demmo", "--out", folder.resolve("x"))
        .requireRefused("irpo: --preset", "nearest is demo", "--model=MODEL");
    CommandLineRun.of("", "run", "--set", "rollouts.slots=3").requireRefused("irpo: Missing");
  }

  @Test
  void withoutACommandTheHelpListsEveryCommandOnce() {
    CommandLineRun alone = CommandLineRun.of("");
    alone.requireSuccess();
    assertEquals(CommandLineRun.of("", "--help").out(), alone.out());
    List<String> listed =
        alone
            .out()
            .lines()
            .filter(line -> line.matches("  [a-z-]+ +[A-Z].*"))
            .map(line -> line.strip().replaceFirst(" .*", ""))
            .toList();
    List<String> all = Commands.all().stream().map(Commands::name).toList();
    assertEquals(all, listed);
    assertEquals(23, listed.stream().distinct().count());
  }

  @Test
  void impossibleSamplingSettingsAreRefused() {
    for (String[] option :
        List.of(
            new String[] {"-n", "0"},
            new String[] {"--temperature", "-1"},
            new String[] {"--temperature", "NaN"},
            new String[] {"--top-p", "0"},
            new String[] {"--top-k", "-1"},
            new String[] {"--max-new-tokens", "0"},
            new String[] {"--slots", "0"},
            new String[] {"--stop", ""},
            new String[] {"--threads", "-1"})) {
      CommandLineRun.of("{\"promptIds\":[1]}", "sample", "--model", model, option[0], option[1])
          .requireRefused();
    }
  }

  @Test
  void aRunWhoseProblemsAreMissingLeavesNoFolder() {
    Path nowhere = folder.resolve("nowhere.jsonl");
    Path out = folder.resolve("run");
    CommandLineRun.of(
            "", "run", "--model", model, "--out", out, "--set", "task.trainFile=" + nowhere)
        .requireRefused(nowhere);
    assertFalse(Files.exists(out), "something half-written is left");
  }

  @Test
  void anExistingTargetIsNotOverwritten() throws IOException {
    CommandLineRun converted = CommandLineRun.of("", "convert", "--from", model, "--to", model);
    converted.requireRefused(model);
    Path out = folder.resolve("out");
    Files.createDirectories(out);
    Files.writeString(out.resolve("notes.txt"), "mine");
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, IDS);
    CommandLineRun.of("", "sft", "--model", model, "--data", data, "--out", out)
        .requireRefused(out, "config.yaml", "--out");
    Files.createDirectories(out.resolve("model"));
    CommandLineRun.of("", "sft", "--model", model, "--data", data, "--out", out)
        .requireRefused(out.resolve("model"), "finished");
  }

  @Test
  void aPrecisionThatNothingTrainsInIsRefused() throws IOException {
    Path half = folder.resolve("half");
    CommandLineRun.of("", "convert", "--from", model, "--to", half, "--dtype", "bf16")
        .requireSuccess();
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, IDS + "\n");
    Path out = folder.resolve("out");
    String precision = "train.precision=bf16";
    CommandLineRun.of(
            "",
            "sft",
            "--model",
            half,
            "--data",
            data,
            "--out",
            out,
            "--set",
            precision,
            "--set",
            "train.parameterType=f16")
        .requireRefused(precision, "f16");
    assertFalse(Files.exists(out));
  }

  @Test
  void aModelThatATrainingWouldRoundIsRefusedBeforeAnythingIsWritten() throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, IDS + "\n");
    Path pairs = folder.resolve("pairs.jsonl");
    Files.writeString(pairs, "{\"promptIds\":[1],\"chosenIds\":[5],\"rejectedIds\":[6]}\n");
    Path out = folder.resolve("out");
    String rounded = "train.parameterType=bf16";
    for (CommandLineRun run :
        List.of(
            CommandLineRun.of(
                "", "sft", "--model", model, "--data", data, "--out", out, "--set", rounded),
            CommandLineRun.of(
                "", "train", "--policy", model, "--pairs", pairs, "--out", out, "--set", rounded),
            CommandLineRun.of(
                "", "run", "--model", model, "--preset", "demo", "--out", out, "--set", rounded))) {
      run.requireRefused(model + ": tensor 'model.embed_tokens.weight'", "--dtype bf16");
      assertFalse(Files.exists(out));
    }
    Path half = folder.resolve("half");
    CommandLineRun.of("", "convert", "--from", model, "--to", half, "--dtype", "bf16")
        .requireSuccess();
    CommandLineRun.of(
            "",
            "sft",
            "--model",
            half,
            "--data",
            data,
            "--out",
            out,
            "--set",
            rounded,
            "--set",
            "train.steps=2")
        .requireSuccess();
    assertTrue(Files.exists(out.resolve("model")));
  }
}
