/// `irpo check`: whether a backend computes what it should on this machine, and how fast.
///
/// Four parts, each a class with the rows that it adds to one table: kernels against the reference
/// backend ([dev.irpo.check.KernelChecks]), values that the jar holds
/// ([dev.irpo.check.GoldenChecks]), the sampler against scorer and trainer
/// ([dev.irpo.check.SamplerChecks]), and rates ([dev.irpo.check.RateChecks]). A row that fails, by
/// its numbers or with an exception, keeps no other from being tried.
package dev.irpo.check;
