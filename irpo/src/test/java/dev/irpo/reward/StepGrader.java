package dev.irpo.reward;

/// A grader as a user might write one: half of the reward for a response that begins with a capital
/// letter, half for one with the gold answer anywhere in it.
public final class StepGrader implements Grader {
  @Override
  public String name() {
    return "step-test-v1";
  }

  @Override
  public Grade grade(String response, Gold gold) {
    boolean capital = !response.isBlank() && Character.isUpperCase(response.strip().charAt(0));
    boolean found = response.contains(gold.answer());
    return Grade.of((capital ? 0.5 : 0) + (found ? 0.5 : 0), gold.question());
  }
}
