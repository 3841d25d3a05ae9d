/// Kernels, timed with JMH, and the command `bin/irpo bench`.
///
/// A number is worth its conditions: `bin/irpo bench` prints date, commit, machine and JDK above
/// them. And it is worth nothing where the result is wrong, so each benchmark checks its result
/// before it is timed: [dev.irpo.benchmarks.KernelBenchmark] against the reference backend, the
/// work of [dev.irpo.benchmarks.steps], where the reference would take minutes, by sums in double
/// precision and by the identities that sampler, scorer and trainer promise to the bit.
package dev.irpo.benchmarks;
