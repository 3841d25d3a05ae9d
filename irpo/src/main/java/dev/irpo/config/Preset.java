package dev.irpo.config;

import java.util.LinkedHashMap;
import java.util.Map;

/// Named sets of values that replace defaults.
public enum Preset {
  /// The paper's first version, which this project was started from: its GSM8K column.
  PAPER_V1(
      "the first version of arXiv:2404.19733 on GSM8K: L_NLL + α·L_DPO, prompt tokens count", ""),
  /// The paper's third version.
  PAPER_V3(
      "the third version of arXiv:2404.19733 on GSM8K: L_DPO + α·L_NLL, over response tokens alone",
      "loss.version=v3"),
  /// The embedded task with the model in the jar: minutes on two cores.
  DEMO(
      "the embedded task on a model of a million parameters, in minutes on two cores",
      """
      iterations=3
      task.name=word-problems
      task.trainProblems=600
      task.heldOutProblems=250
      task.testProblems=500
      optimizer.learningRate=2e-5
      optimizer.schedule=linear
      optimizer.warmupSteps=0
      train.steps=0
      train.tokenBudget=2048
      train.evaluateEverySteps=25
      train.checkpointEverySteps=25
      rollouts.perPrompt=8
      rollouts.temperature=0.8
      rollouts.maxNewTokens=96
      rollouts.slots=64
      pairs.perPrompt=2
      pairs.removeDuplicates=true
      evaluate.majoritySamples=8
      """);

  private final String doc;
  private final String assignments;

  Preset(String doc, String assignments) {
    this.doc = doc;
    this.assignments = assignments;
  }

  /// What it stands for.
  String doc() {
    return doc;
  }

  /// What it sets, by path of key.
  Map<String, String> settings() {
    Map<String, String> values = new LinkedHashMap<>();
    assignments
        .lines()
        .forEach(line -> {
          int equals = line.indexOf('=');
          values.put(line.substring(0, equals), line.substring(equals + 1));
        });
    return values;
  }
}
