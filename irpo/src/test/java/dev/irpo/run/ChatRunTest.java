package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.TextRules;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run of a model with a chat template asks, samples and trains in that template, here with BOS
/// for the end of a response, which ends none otherwise.
class ChatRunTest {
  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[Q] {{ m.content }} [A]{% else %} {{ m.content + ' ' + bos_token }}{% endif %}{% endfor %}";
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=1",
          "task.chatTemplate=model",
          "task.heldOutProblems=1",
          "task.testProblems=1",
          "rollouts.maxNewTokens=64",
          "train.steps=1",
          "train.retrainWithHeldOut=false");
  private static final int END = 1;

  @TempDir private Path root;

  private RunFolder begin(Backend backend, String name) throws IOException {
    RunFolder folder = new RunFolder(root.resolve(name));
    folder.open(CONFIG);
    LanguageModel plain = TestData.tinyModel(backend);
    byte[] template = TEMPLATE.getBytes(StandardCharsets.UTF_8);
    new LanguageModel(
            plain.config(),
            plain.huggingFaceConfig(),
            plain.parameters(),
            plain.optionalText(),
            plain.tokenizerFiles().with("chat_template.jinja", template))
        .save(folder.startModel());
    return folder;
  }

  @Test
  void promptsAndGoldSolutionsAreTurnsOfItsTemplate() throws IOException {
    RunFolder folder;
    TextRules text;
    try (Backend backend = new CpuBackend(1)) {
      folder = begin(backend, "run");
      new IterationLoop(CONFIG, folder, backend, Progress.NONE).run();
      text = TestData.open(backend, folder.model(1)).text();
    }
    Task task = Tasks.open(CONFIG.task(), CONFIG.seed());
    Map<String, Problem> problems =
        task.problems(Split.TRAIN).stream()
            .collect(Collectors.toMap(Problem::id, Function.identity()));
    Tokenizer tokenizer = text.tokenizer();
    List<Rollout> rollouts = TableReader.readAll(folder.rollouts(1).part(0), Rollout::of);
    assertEquals(2 * problems.size(), rollouts.size());
    int ended = 0;
    for (Rollout rollout : rollouts) {
      List<Integer> response = Arrays.stream(rollout.responseIds()).boxed().toList();
      boolean isEnded = response.contains(END);
      assertTrue(!isEnded || response.indexOf(END) == response.size() - 1, response.toString());
      assertEquals(isEnded || response.contains(2) ? "stop" : "length", rollout.finish());
      ended += isEnded ? 1 : 0;
      String prompt = task.prompt(problems.get(rollout.problemId())).strip();
      assertArrayEquals(
          tokenizer.encodeWithSpecials("<s>[Q] " + prompt + " [A]"), rollout.promptIds());
    }
    assertTrue(ended > 0);
    int solutions = 0;
    for (PreferencePair pair :
        TableReader.readAll(folder.rollouts(1).pairs(), PreferencePair::of)) {
      if (pair.chosenSample() == PreferencePair.GOLD) {
        solutions++;
        String gold = task.goldResponse(problems.get(pair.problemId())).orElseThrow();
        assertArrayEquals(
            tokenizer.encodeRestWithSpecials(" " + gold.strip() + " <s>"), pair.chosenIds());
      }
    }
    assertTrue(solutions > 0);
  }
}
