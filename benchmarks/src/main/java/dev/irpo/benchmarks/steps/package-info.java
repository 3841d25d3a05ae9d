/// Whole pieces of work, timed and compared with what the machine can do: `bin/irpo bench steps`.
///
/// Sizes and counts are those that the peers are measured with, see
/// [dev.irpo.benchmarks.steps.ModelSize]; weights and tokens are random. Each row of
/// [dev.irpo.benchmarks.steps.StepRow] runs in a JVM of its own with a small heap, checks its
/// result, warms up and is then timed. Its rate is printed with its share of the rate of fused
/// multiply-adds in registers, measured in the same minute, and with the peak memory of its
/// process.
///
/// `bin/irpo bench against` measures a row and a command of another program in turns
/// ([dev.irpo.benchmarks.steps.Turns]): on a machine whose speed varies the ratio of what was
/// measured in the same minute says more than two medians of different hours.
///
/// [dev.irpo.benchmarks.steps.Curve] lists what `bin/irpo bench scaling` lets grow.
package dev.irpo.benchmarks.steps;
