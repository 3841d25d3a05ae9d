package dev.irpo.transformer.train;

import dev.irpo.transformer.packing.PackedBatch;
import java.util.List;

/// Items of a step that are computed together.
///
/// @param part of the step that they belong to
/// @param indices of the items in the step
record MicroBatch<I>(int part, PackedBatch packed, List<I> items, List<Integer> indices) {}
