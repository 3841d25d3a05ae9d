package dev.irpo.transformer.train;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterSelection;

/// What stays the same over all steps of a [Trainer].
///
/// @param tokenBudget rows of the largest micro-batch; an item must fit into one
/// @param activations what the backward pass finds of the forward pass
/// @param trained the parameters that have gradients and moments; the others keep their bits
/// @param sharding the processes that train together
/// @param parameterType F32; or BF16 or F16, to which the trained parameters that programs read are
///   rounded, and in which processes send them, while those that the optimizer updates stay in
///   single precision
public record TrainerSettings(
    int tokenBudget,
    Llama.Activations activations,
    AdamWSettings optimizer,
    ParameterSelection trained,
    Sharding sharding,
    DType parameterType) {
  /// Settings whose parameters are in single precision.
  public TrainerSettings(
      int tokenBudget,
      Llama.Activations activations,
      AdamWSettings optimizer,
      ParameterSelection trained,
      Sharding sharding) {
    this(tokenBudget, activations, optimizer, trained, sharding, DType.F32);
  }

  /// Settings that train every parameter in one process.
  public TrainerSettings(int tokenBudget, Llama.Activations activations, AdamWSettings optimizer) {
    this(tokenBudget, activations, optimizer, ParameterSelection.all(), Sharding.alone());
  }
}
