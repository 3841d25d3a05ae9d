/// The operations, one record each: shape rule, gradient rule, cost, and the kernel that computes
/// it.
///
/// The formula stands with the kernel's contract in `dev.irpo.tensor.kernel`. A record's components
/// are what is known when the graph is built (sizes, a factor, an epsilon); everything that varies
/// from run to run is an input tensor. Gradients with respect to weights are added into an
/// accumulator, those with respect to activations are new tensors. The operations of a gradient
/// rule are private to the operation they belong to.
package dev.irpo.tensor.op;
