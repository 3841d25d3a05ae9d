package dev.irpo.reward;

import java.util.Optional;

/// What a grader makes of a response.
///
/// @param extracted the answer in one canonical form, so that equal answers are equal texts
///   (majority votes count these); empty where no answer could be read
/// @param reward r, 0 to 1; of exact match 1 where the answer equals the gold answer, else 0
/// @param taken the part of the response that was read
/// @param why one sentence on how the grade came about
public record Grade(Optional<String> extracted, float reward, TakenText taken, String why) {
  /// Checks the reward.
  ///
  /// @throws IllegalArgumentException if it is not between 0 and 1
  public Grade {
    if (!(reward >= 0 && reward <= 1)) {
      throw new IllegalArgumentException(
          "a grader gave the reward %s; rewards lie between 0 and 1, so scale it"
              .formatted(reward));
    }
  }

  /// A grade of a response without a separate answer; it has no vote in a majority.
  public static Grade of(double reward, String why) {
    return new Grade(Optional.empty(), (float) reward, TakenText.NONE, why);
  }

  /// Whether the response got the whole reward.
  public boolean correct() {
    return reward == 1;
  }

  /// The answer as the response words it; empty where there is none.
  public String answerText() {
    return taken.text();
  }
}
