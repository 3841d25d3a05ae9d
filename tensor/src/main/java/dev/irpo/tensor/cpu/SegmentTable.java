package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;

/// Reads a segment table, see [AttentionKernels#packedAttention].
record SegmentTable(Buffer segments) {
  int start(int segment) {
    return segments.getInt((long) segment * AttentionKernels.SEGMENT_COLUMNS);
  }

  int length(int segment) {
    return segments.getInt((long) segment * AttentionKernels.SEGMENT_COLUMNS + 1);
  }

  int parent(int segment) {
    return segments.getInt((long) segment * AttentionKernels.SEGMENT_COLUMNS + 2);
  }

  /// Length of the parent, 0 without one.
  int prefix(int segment) {
    return parent(segment) < 0 ? 0 : length(parent(segment));
  }

  /// First row of the parent, 0 without one.
  int prefixStart(int segment) {
    return parent(segment) < 0 ? 0 : start(parent(segment));
  }
}
