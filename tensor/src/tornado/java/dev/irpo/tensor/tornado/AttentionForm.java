package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Records the parts of [dev.irpo.tensor.kernel.AttentionKernels], in one of two forms: a work item
/// for each row and head, or groups of threads. `places` is that of
/// [dev.irpo.tensor.tornado.task.AttentionTasks].
interface AttentionForm {
  /// Queries, keys and values.
  record Operands(Floats q, Floats k, Floats v) {}

  /// The keys and values of a cache, both of a type.
  record Cache(Numbers k, Numbers v) {}

  /// What the gradients read in addition.
  record Results(Floats dOut, Floats out, Floats logSumExp) {}

  /// Gradients of queries, keys and values.
  record Gradients(Floats dQ, Floats dK, Floats dV) {}

  /// Attention over packed rows.
  void packed(
      Floats out, Floats logSumExp, Operands operands, IntArray places, AttentionSizes sizes);

  /// The gradient of attention over packed rows.
  void packedGradient(
      Gradients gradients,
      Results results,
      Operands operands,
      IntArray places,
      AttentionSizes sizes);

  /// Attention over a cache, which the keys and values of the rows are in.
  void cached(Floats out, Floats q, Cache cache, IntArray places, AttentionSizes sizes);
}
