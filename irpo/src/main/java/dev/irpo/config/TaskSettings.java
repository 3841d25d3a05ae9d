package dev.irpo.config;

import dev.irpo.reward.Graders;
import dev.irpo.setting.Setting;
import java.util.Arrays;
import java.util.List;

/// Which problems are asked, and how.
public record TaskSettings(
    @Setting(value = "gsm8k", doc = "the task") Name name,
    @Setting(
            value = "",
            doc =
                "train problems; empty: data/gsm8k/train.jsonl, data/math/train or"
                    + " data/arc-challenge/train.jsonl")
        String trainFile,
    @Setting(
            value = "",
            doc =
                "problems on which checkpoints are chosen, all of them; empty: task.heldOutProblems"
                    + " of the train problems")
        String devFile,
    @Setting(
            value = "",
            doc =
                "test problems; empty: data/gsm8k/test.jsonl, data/math/test or"
                    + " data/arc-challenge/test.jsonl")
        String testFile,
    @Setting(
            value = "0",
            range = "[0, 1000000]",
            doc = "problems to sample rollouts for; 0: all of the file, 600 (word-problems)")
        int trainProblems,
    @Setting(
            value = "1000",
            range = "[0, 1000000]",
            doc =
                "problems held out of train, on which checkpoints are chosen; not used where"
                    + " task.devFile is set")
        int heldOutProblems,
    @Setting(
            value = "0",
            range = "[0, 1000000]",
            doc = "problems to report on; 0: all of the file, 500 (word-problems)")
        int testProblems,
    @Setting(
            value =
                "train/algebra/25722.json, train/precalculus/263.json,"
                    + " train/algebra/1152.json, train/algebra/1594.json",
            doc =
                "ids of the train problems that the prompt shows solved, in their order; math only")
        String examples,
    @Setting(
            value = "Question: {question}\nSolution:",
            pattern = "(?s).*\\{question\\}.*",
            form = "a text with {question} in it",
            doc = "the prompt; custom only")
        String promptTemplate,
    @Setting(
            value = Graders.STANDARD,
            textForm = Graders.NameForm.class,
            doc =
                "what rewards responses: any for custom; the other tasks have their own, in the"
                    + " version that is named, which only a class replaces")
        String grader,
    @Setting(
            value = "none",
            doc =
                "what the prompt is wrapped in; none: nothing, as in the paper; llama-2: one user"
                    + " message, [INST] … [/INST]; model: one user message in the model's own chat"
                    + " template")
        ChatTemplate chatTemplate,
    @Setting(
            value = "2024-07-26",
            textForm = DateForm.class,
            doc =
                "the date that a model's chat template hears when it asks for today's, so that a"
                    + " run's prompts do not change from day to day; the default is the one that"
                    + " Llama 3's templates name where they hear none")
        String chatDate,
    @Setting(
            value = "false",
            doc =
                "whether control tokens such as </s> that a prompt or a gold solution spells become"
                    + " these tokens; else such a text is refused")
        boolean specials) {
  /// The tasks there are.
  public enum Name {
    /// Grade-school mathematics, from files.
    GSM8K,
    /// Competition mathematics, from files.
    MATH,
    /// Grade-school science with options, from files.
    ARC_CHALLENGE,
    /// The embedded task, generated.
    WORD_PROBLEMS,
    /// The user's own problems, from files.
    CUSTOM;

    /// The task of that name.
    ///
    /// @throws IllegalArgumentException listing the names there are
    public static Name of(String text) {
      return Name.class.cast(choice(Name.class, "--task", "task", text));
    }
  }

  /// What a chat model's prompt is wrapped in.
  public enum ChatTemplate {
    /// Nothing.
    NONE,
    /// Llama 2's marks around one user message without a system prompt.
    LLAMA_2,
    /// The model's own template.
    MODEL
  }

  /// Whether the problems that checkpoints are chosen on are taken out of the train problems.
  public boolean holdsOutOfTrain() {
    return devFile.isEmpty();
  }

  /// The ids of [#examples], in their order.
  public List<String> exampleIds() {
    return Arrays.stream(examples.split(","))
        .map(String::strip)
        .filter(id -> !id.isEmpty())
        .toList();
  }

  private static Object choice(Class<?> type, String option, String what, String text) {
    return Choices.find(type, text)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "%s: there is no %s '%s'; the nearest is %s; choose one of %s"
                    .formatted(
                        option, what, text, Choices.nearest(type, text), Choices.list(type))));
  }
}
