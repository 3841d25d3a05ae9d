package dev.irpo.synthetic;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// A chain of calculation worked out for one story's numbers.
///
/// @param template the text with its steps still to be filled in
/// @param numbers the story's numbers and the results of all steps
/// @param answer the result of the last step
record Chain(String template, Numbers numbers, int answer) {
  /// Works out every step; empty where one has no allowed result.
  static Optional<Chain> calculate(String template, Numbers given, int largest) {
    return calculate(template, given, largest, new Slip(-1, 0));
  }

  /// Works out every step, one of them with a wrong result that the later steps calculate with;
  /// empty where a step has no allowed result.
  static Optional<Chain> calculate(String template, Numbers given, int largest, Slip slip) {
    Numbers numbers = new Numbers(given);
    List<Step> steps = Step.of(template);
    for (int i = 0; i < steps.size(); i++) {
      OptionalInt right = steps.get(i).calculate(numbers, largest);
      int result = right.orElse(0) + (i == slip.stepIndex() ? slip.error() : 0);
      if (right.isEmpty() || result < 2 || result > largest) {
        return Optional.empty();
      }
      numbers.set(steps.get(i).result(), result);
    }
    return Optional.of(new Chain(template, numbers, numbers.get(steps.getLast().result())));
  }

  /// A slip in calculation: which step's result is off, and by how much.
  record Slip(int stepIndex, int error) {}
}
