package dev.irpo.reward;

import java.util.List;

/// What is known about a problem, for a grader to compare a response with.
///
/// @param question the question; empty where it is not known
/// @param answer the gold answer y, or whatever else the grader wants: for unit tests their text
/// @param options the texts that a letter stands for, A first; empty where a question has none or
///   they are not known
public record Gold(String question, String answer, List<String> options) {
  /// An answer to a free question.
  public static Gold of(String answer) {
    return new Gold("", answer, List.of());
  }
}
