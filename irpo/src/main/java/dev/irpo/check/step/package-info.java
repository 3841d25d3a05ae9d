/// Whole steps of a random model on random texts, checked before they are timed: training steps by
/// the value that a loss states for a policy equal to its reference, sampling by the scorer's
/// log-probabilities. `irpo check` and `irpo bench` have this in common.
package dev.irpo.check.step;
