/// The executable definition of the kernels: the formulas, one element at a time.
///
/// Sums are formed in double precision, nothing is ever optimised. With all values in double
/// precision the same code checks gradients by central differences.
package dev.irpo.tensor.reference;
