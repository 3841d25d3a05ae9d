/// Whole pieces of work, timed and compared with what the machine can do: `bin/irpo bench steps`.
///
/// Sizes and counts are those that the peers are measured with, see
/// [dev.irpo.benchmarks.steps.ModelSize]; weights and tokens are random. Each row of
/// [dev.irpo.benchmarks.steps.StepRow] runs in a JVM of its own with a small heap, checks its
/// result, warms up and is then timed. Beside its rate stands what share that is of the rate of
/// fused multiply-adds in registers, measured in the same minute, and the most memory that its
/// process ever had.
///
/// [dev.irpo.benchmarks.steps.Curve] lists what `bin/irpo bench scaling` lets grow.
package dev.irpo.benchmarks.steps;
