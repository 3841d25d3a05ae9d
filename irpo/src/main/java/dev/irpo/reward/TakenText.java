package dev.irpo.reward;

/// The part of a response that a grader reads.
///
/// @param text as the response has it
/// @param place where it was found
public record TakenText(String text, Place place) {
  /// Where answers are looked for.
  public enum Place {
    /// After the last `Final answer:`.
    FINAL_ANSWER("after the last 'Final answer:'"),
    /// In the last balanced `\boxed{}`.
    BOXED("in the last \\boxed{}"),
    /// There is none.
    NONE("nowhere");

    private final String words;

    Place(String words) {
      this.words = words;
    }

    /// The place in words.
    public String words() {
      return words;
    }
  }

  /// Nothing was read.
  public static final TakenText NONE = new TakenText("", Place.NONE);

  static TakenText of(String text, Place place) {
    return text.isEmpty() ? NONE : new TakenText(text, place);
  }
}
