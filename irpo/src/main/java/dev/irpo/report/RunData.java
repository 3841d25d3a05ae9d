package dev.irpo.report;

import java.util.List;
import java.util.SequencedMap;

/// The numbers of a run and all that is needed to run it again. The page's scripts read it as JSON,
/// with these names.
///
/// @param name on the page
/// @param facts what the folder says of how the run was made, for people
/// @param config every key with its value
/// @param yaml the same as a file
/// @param evaluations on the test problems, of each model that has one
/// @param trainings in their order
/// @param checks for what usually goes wrong
/// @param missing what is damaged or not there yet, a sentence each
record RunData(
    String name,
    SequencedMap<String, String> facts,
    SequencedMap<String, String> config,
    String yaml,
    List<EvaluatedModel> evaluations,
    List<TrainingData> trainings,
    List<Check> checks,
    List<String> missing) {
  /// The same without the lines of metrics.
  RunData withoutMetrics() {
    List<TrainingData> others = trainings.stream().map(TrainingData::withoutMetrics).toList();
    return new RunData(name, facts, config, yaml, evaluations, others, checks, missing);
  }
}
