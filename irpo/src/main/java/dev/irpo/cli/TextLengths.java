package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.plan.Longest;
import dev.irpo.plan.PromptCounts;
import dev.irpo.task.Split;
import dev.irpo.transformer.LlamaConfig;
import java.util.EnumMap;
import java.util.Map;
import picocli.CommandLine.Option;

/// How many problems a simulated run has and how long its texts are, without the task's files.
final class TextLengths {
  @Option(
      names = "--problems",
      paramLabel = "N",
      defaultValue = "7473",
      description = "of the train file, of a simulated run; default: ${DEFAULT-VALUE}, as GSM8K")
  private int problems;

  @Option(
      names = "--test-problems",
      paramLabel = "N",
      defaultValue = "1319",
      description = "of the test file; default: ${DEFAULT-VALUE}, as GSM8K")
  private int testProblems;

  @Option(
      names = "--mean-prompt-tokens",
      paramLabel = "N",
      defaultValue = "111",
      description =
          "of a simulated run; default: ${DEFAULT-VALUE}, as GSM8K's with Llama 2's tokenizer")
  private int prompt;

  @Option(
      names = "--mean-response-tokens",
      paramLabel = "N",
      defaultValue = "200",
      description = "of a simulated run; default: ${DEFAULT-VALUE}, an assumption")
  private int response;

  /// Prompts of each split.
  ///
  /// @param longestPrompt tokens of it
  Map<Split, PromptCounts> splits(RunConfig config, LlamaConfig model, int longestPrompt) {
    int heldOut = config.task().heldOutProblems();
    if (heldOut >= problems || testProblems < 0) {
      throw new IllegalArgumentException(
          "--problems is %d and --test-problems %d, task.heldOutProblems is %d; give more problems or hold fewer out"
              .formatted(problems, testProblems, heldOut));
    }
    int longestResponse =
        Math.min(config.rollouts().maxNewTokens(), model.maxPositions() - longestPrompt);
    if (prompt < 1 || prompt > longestPrompt || response < 1 || response > longestResponse) {
      throw new IllegalArgumentException(
          "--mean-prompt-tokens is %d and --mean-response-tokens %d, the longest are %d (--prompt-tokens) and %d (rollouts.maxNewTokens); give no more"
              .formatted(prompt, response, longestPrompt, longestResponse));
    }
    Longest longest =
        new Longest(
            longestPrompt, longestPrompt + longestResponse, longestPrompt + 2 * longestResponse);
    Map<Split, PromptCounts> splits = new EnumMap<>(Split.class);
    splits.put(Split.TRAIN, counts(problems - heldOut, longest, config));
    splits.put(Split.HELD_OUT, counts(heldOut, longest, config));
    splits.put(Split.TEST, counts(testProblems, longest, config));
    return splits;
  }

  private PromptCounts counts(int count, Longest longest, RunConfig config) {
    int gold = config.pairs().goldAmongWinners() ? count : 0;
    return new PromptCounts(
        count,
        0,
        (long) count * prompt,
        (long) count * response,
        longest,
        gold,
        (long) gold * response);
  }

  @Override
  public String toString() {
    return "%,d and %,d problems, prompts of %d tokens on average, responses of %d"
        .formatted(problems, testProblems, prompt, response);
  }
}
