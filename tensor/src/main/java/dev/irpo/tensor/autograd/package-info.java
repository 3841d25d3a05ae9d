/// Reverse-mode differentiation as a transformation of the graph.
///
/// The operations are walked from the last to the first. Each one's gradient rule appends the
/// operations that turn the gradient of its output into terms for its inputs:
///
/// ```text
/// y = f(a, b)      da += (∂f/∂a)ᵀ·dy      db += (∂f/∂b)ᵀ·dy
/// ```
///
/// A tensor that is used several times gathers the sum of its terms. Parameters gather theirs in
/// variables named `gradient/NAME`, which outlast the run, so that several micro-batches add up.
package dev.irpo.tensor.autograd;
