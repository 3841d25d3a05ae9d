package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Records the parts of [dev.irpo.tensor.kernel.AttentionKernels], in one of two forms: a work item
/// for each row and head, or a group of threads. `places` is that of
/// [dev.irpo.tensor.tornado.task.AttentionTasks].
interface AttentionForm {
  /// Queries, keys and values.
  record Operands(Floats q, Floats k, Floats v) {}

  /// What the gradients read in addition.
  ///
  /// @param delta (R, H) products of `dOut` and the output
  record Gradient(Floats dOut, FloatArray delta, Floats logSumExp) {}

  /// Attention over keys in blocks of `blockSize` positions, rows of `rowWidth` elements.
  void attention(
      Floats out,
      Floats logSumExp,
      Operands operands,
      IntArray places,
      AttentionSizes sizes,
      int blockSize,
      int rowWidth);

  /// `dQ` over packed rows.
  void queryGradient(
      Floats dQ, Gradient gradient, Operands operands, IntArray places, AttentionSizes sizes);

  /// `dK` and `dV` over packed rows.
  void keyValueGradient(
      Floats dK,
      Floats dV,
      Gradient gradient,
      Operands operands,
      IntArray places,
      AttentionSizes sizes);
}
