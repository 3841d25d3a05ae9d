package dev.irpo.benchmarks.steps;

import dev.irpo.check.step.SamplingWork;
import dev.irpo.check.step.TrainingWork;

/// Times whole steps after they were verified.
///
/// @param repeats runs at least
record StepTimes(Report report, int repeats) {
  /// Training steps by their pairs.
  void ofPairs(String what, TrainingWork work) {
    work.verify();
    Timing time = Timing.of(repeats, (Runnable) work::step);
    report.rate(what, work.shape().pairs(), "pairs/s", work.productFlops(), time);
  }

  /// Training steps of a large model by the tokens of their prompts and responses; the step that is
  /// verified warms up.
  void ofTokens(String what, TrainingWork work) {
    work.verify();
    Timing time = Timing.withoutWarmUp(repeats, work::step);
    report.rate(what, work.shape().tokens(), "tokens/s", work.productFlops(), time);
  }

  /// Sampling, prompts included.
  void ofSampling(String what, SamplingWork work) {
    work.verify();
    Timing time = Timing.of(repeats, (Runnable) work::run);
    report.rate(what, work.tokens(), "tokens/s", 0, time);
  }

  /// The tokens after the prompt's own steps.
  void ofDecoding(String what, SamplingWork work) {
    work.verify();
    Timing time = Timing.of(repeats, work::secondsOfToken);
    report.rate(what, 1, "tokens/s", 0, time);
  }
}
