package dev.irpo.reward;

import java.util.Optional;

/// What a grader found in a response.
///
/// @param extracted the answer in one canonical form, so that equal answers are equal texts
///   (majority votes count these); empty where no answer could be read
/// @param correct whether it equals the gold answer: the reward
/// @param taken the part of the response that was read
/// @param why one sentence on how the grade came about
public record Grade(Optional<String> extracted, boolean correct, TakenText taken, String why) {
  /// The answer as it stands in the response; empty where there is none.
  public String answerText() {
    return taken.text();
  }
}
