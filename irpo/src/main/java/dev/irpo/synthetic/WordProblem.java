package dev.irpo.synthetic;

import dev.irpo.reward.FinalAnswer;

/// A generated arithmetic story with its gold chain of thought.
///
/// @param id its kind with the numbers that decide the answer, so the same problem has the same id
///   whatever names and things are in it
/// @param kind the kind of story in lower case, for instance `two-prices`
/// @param chain the gold chain of thought without its final answer
/// @param answer the result of the chain's last step
public record WordProblem(String id, String kind, String question, String chain, String answer) {
  /// The prompt that asks a question, without a space at its end.
  public static String prompt(String question) {
    return "Question: " + question + "\nSolution:";
  }

  /// A chain and its answer in the form that the prompt asks for, beginning with a space.
  public static String response(String chain, String answer) {
    return FinalAnswer.response(chain, " ", answer);
  }
}
