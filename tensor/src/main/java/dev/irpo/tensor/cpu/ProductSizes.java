package dev.irpo.tensor.cpu;

/// Sizes of a matrix product: C (rows, columns), summed over depth.
record ProductSizes(int rows, int columns, int depth) {}
