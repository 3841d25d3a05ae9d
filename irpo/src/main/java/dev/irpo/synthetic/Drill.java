package dev.irpo.synthetic;

import java.util.List;

/// Bare calculation in the style of the word problems: `Question: 34+27-15` is solved as `34+27=61.
/// 61-15=46.`
final class Drill {
  private static final int FEWEST_STEPS = 2;
  private static final int MOST_STEPS = 5;
  private static final List<Character> OPERATIONS = List.of('+', '-', '+', '-', '*', '/');

  private Drill() {}

  /// A drill of several steps from left to right, no result above the largest number.
  static WordProblemCorpus.Document draw(int largest, Draws draws) {
    StringBuilder asked = new StringBuilder();
    StringBuilder chain = new StringBuilder();
    int value = draws.happens(0.5) ? draws.between(2, 9) : draws.between(10, Math.min(largest, 99));
    asked.append(value);
    int numSteps = draws.between(FEWEST_STEPS, MOST_STEPS);
    for (int i = 0; i < numSteps; i++) {
      Numbers numbers = new Numbers();
      numbers.set('a', value);
      Step step = possibleStep(numbers, largest, draws);
      asked.append(i == 0 ? "" : ",").append(step.operation()).append(numbers.get('b'));
      value = numbers.get('r');
      chain.append(step.written(numbers)).append(i == numSteps - 1 ? "." : ". ");
    }
    return new WordProblemCorpus.Document(
        WordProblem.prompt(asked.toString()),
        WordProblem.response(chain.toString(), Integer.toString(value)));
  }

  /// Draws an operation and its second number until the result is allowed; sets `b` and `r`.
  private static Step possibleStep(Numbers numbers, int largest, Draws draws) {
    while (true) {
      Step step = new Step('r', 'a', draws.oneOf(OPERATIONS), 'b');
      boolean table = step.operation() == '*' || step.operation() == '/';
      boolean smallEnough = step.operation() != '*' || numbers.get('a') <= 9;
      numbers.set('b', table ? draws.between(2, 9) : draws.between(2, Math.min(largest, 99)));
      var result = step.calculate(numbers, largest);
      if (smallEnough && result.isPresent()) {
        numbers.set('r', result.getAsInt());
        return step;
      }
    }
  }
}
