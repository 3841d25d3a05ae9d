package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.rollout.Prompts;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Tokens of a split's prompts. A prompt that leaves no room in the context is too long; it is
/// never asked and counts nowhere else.
///
/// @param problems those that are asked
/// @param tooLong those that are not
/// @param promptTokens of all prompts together
/// @param responseTokens of one response to each prompt, at most
/// @param longest that a prompt, alone or with responses, can be
/// @param goldSolutions known solutions that a pair may hold
/// @param goldTokens of them
public record PromptCounts(
    int problems,
    int tooLong,
    long promptTokens,
    long responseTokens,
    Longest longest,
    int goldSolutions,
    long goldTokens) {
  /// No prompts.
  public static final PromptCounts NONE = new PromptCounts(0, 0, 0, 0, Longest.NONE, 0, 0);

  private static final PromptCounts TOO_LONG = new PromptCounts(0, 1, 0, 0, Longest.NONE, 0, 0);

  /// Reads a task's files and counts all its splits.
  ///
  /// @throws IllegalArgumentException if a file or a problem in it is not as the task wants it
  public static Map<Split, PromptCounts> of(RunConfig config, Prompts prompts) throws IOException {
    Map<Split, PromptCounts> counts = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      counts.put(split, of(config, prompts, prompts.problems(split)));
    }
    return counts;
  }

  private static PromptCounts of(RunConfig config, Prompts prompts, List<Problem> problems) {
    LlamaConfig model = prompts.model();
    PromptCounts sum = NONE;
    for (Problem problem : problems) {
      int prompt = prompts.ids(problem).length;
      int room = model.maxPositions() - prompt;
      if (room <= 0) {
        sum = sum.plus(TOO_LONG);
        continue;
      }
      int response = Math.min(config.rollouts().maxNewTokens(), room);
      Optional<int[]> gold =
          config.pairs().goldAmongWinners() ? prompts.gold(problem) : Optional.empty();
      int goldTokens = gold.map(ids -> ids.length).orElse(0);
      boolean scored = gold.isPresent() && goldTokens <= room;
      int longer = scored ? Math.max(response, goldTokens) : response;
      sum =
          sum.plus(
              new PromptCounts(
                  1,
                  0,
                  prompt,
                  response,
                  new Longest(prompt, prompt + longer, prompt + response + longer),
                  scored ? 1 : 0,
                  scored ? goldTokens : 0));
    }
    return sum;
  }

  /// Both splits together.
  public PromptCounts plus(PromptCounts other) {
    return new PromptCounts(
        problems + other.problems,
        tooLong + other.tooLong,
        promptTokens + other.promptTokens,
        responseTokens + other.responseTokens,
        longest.and(other.longest),
        goldSolutions + other.goldSolutions,
        goldTokens + other.goldTokens);
  }

  /// Mean tokens of a prompt.
  public double meanPrompt() {
    return promptTokens / (double) Math.max(1, problems);
  }

  /// Mean tokens of a response, at most.
  public double meanResponse() {
    return responseTokens / (double) Math.max(1, problems);
  }

  /// Mean tokens of a gold solution.
  double meanGold() {
    return goldTokens / (double) Math.max(1, goldSolutions);
  }
}
