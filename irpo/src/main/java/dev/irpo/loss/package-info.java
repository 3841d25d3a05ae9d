/// What a training minimises, a class for each loss.
///
/// A loss is a [dev.irpo.transformer.train.Loss]: a formula over the log-probabilities of its
/// items.
package dev.irpo.loss;
