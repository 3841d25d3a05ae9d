package dev.irpo.task;

import dev.irpo.reward.Grader;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A task whose prompts are one user message of Llama 2's chat format, without a system prompt, as
/// Hugging Face's template for Llama-2-chat renders it: `[INST] … [/INST]` after BOS, which the
/// model's tokenizer puts. Responses stay as they are.
///
/// @param plain the task whose prompts are wrapped
public record Llama2Chat(Task plain) implements Task {
  @Override
  public String name() {
    return plain.name();
  }

  @Override
  public List<Problem> problems(Split split) throws IOException {
    return plain.problems(split);
  }

  @Override
  public String prompt(Problem problem) {
    return "[INST] " + plain.prompt(problem).strip() + " [/INST]";
  }

  @Override
  public Optional<String> goldResponse(Problem problem) {
    return plain.goldResponse(problem);
  }

  @Override
  public Grader grader() {
    return plain.grader();
  }
}
