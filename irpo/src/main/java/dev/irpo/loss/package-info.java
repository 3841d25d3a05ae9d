/// What a training minimises, a class for each loss; [dev.irpo.loss.LossSettings.Kind] lists them
/// with their formulas.
///
/// A loss is a [dev.irpo.transformer.train.Loss]: a formula over what it asks of its items. To add
/// one, write its class here and a constant of the list, with the keys that it takes, and test its
/// identities and slopes; `EveryLossTest` checks its gradient.
package dev.irpo.loss;
