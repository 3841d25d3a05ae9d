/// Training of a policy: on preference pairs, or supervised on responses.
///
/// A step packs whole sequences into micro-batches, adds up their gradients, clips and updates with
/// AdamW. The order of examples follows from a key ([dev.irpo.train.Order]) and a checkpoint holds
/// model, moments and step, so a resumed training ends in the same bytes as an uninterrupted one.
/// Metrics are a line per step ([dev.irpo.train.MetricsFile]).
package dev.irpo.train;
