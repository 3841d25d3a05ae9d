package dev.irpo.config;

/// Which problems are asked.
public record TaskSettings(
    @Setting(value = "gsm8k", doc = "the task") Name name,
    @Setting(value = "data/gsm8k/train.jsonl", doc = "published file of train problems; gsm8k only")
        String trainFile,
    @Setting(value = "data/gsm8k/test.jsonl", doc = "published file of test problems; gsm8k only")
        String testFile,
    @Setting(
            value = "0",
            range = "[0, 1000000]",
            doc =
                "problems to sample rollouts for; 0: all of the file (gsm8k), 600 (word-problems)")
        int trainProblems,
    @Setting(
            value = "1000",
            range = "[0, 1000000]",
            doc = "problems held out of train, on which checkpoints are chosen")
        int heldOutProblems,
    @Setting(
            value = "0",
            range = "[0, 1000000]",
            doc = "problems to report on; 0: all of the file (gsm8k), 500 (word-problems)")
        int testProblems) {
  /// The tasks there are.
  public enum Name {
    /// Grade-school mathematics, from files.
    GSM8K,
    /// The embedded task, generated.
    WORD_PROBLEMS;

    /// The task of that name.
    ///
    /// @throws IllegalArgumentException listing the names there are
    public static Name of(String text) {
      return Choices.find(Name.class, text)
          .map(Name.class::cast)
          .orElseThrow(() ->
              new IllegalArgumentException(
                  "--task: there is no task '%s'; choose one of %s"
                      .formatted(text, Choices.list(Name.class))));
    }
  }
}
