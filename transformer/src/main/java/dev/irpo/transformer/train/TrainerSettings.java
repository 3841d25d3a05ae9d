package dev.irpo.transformer.train;

import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;

/// What stays the same over all steps of a [Trainer].
///
/// @param tokenBudget rows of the largest micro-batch; an item must fit into one
/// @param activations what the backward pass finds of the forward pass
public record TrainerSettings(
    int tokenBudget, Llama.Activations activations, AdamWSettings optimizer) {}
