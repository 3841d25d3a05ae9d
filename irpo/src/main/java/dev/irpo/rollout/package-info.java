/// Rollouts: responses that a model samples to problems, each with its reward.
///
/// N responses a prompt share its prefill, and a slot that finishes is filled with the next
/// response at once. A rollout keeps the token ids and the log-probability of each token, which
/// later serves as the reference log-probability; it depends on (seed, iteration, problem, sample)
/// alone and not on the batch it was sampled in.
package dev.irpo.rollout;
