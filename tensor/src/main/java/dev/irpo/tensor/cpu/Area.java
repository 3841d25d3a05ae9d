package dev.irpo.tensor.cpu;

/// The areas of a thread's [Scratch]: what kernels keep between their steps.
///
/// Kernels that never run inside each other share areas, so that memory is what the largest of them
/// needs.
enum Area {
  /// A vector of each operand of an elementwise kernel.
  TAIL,
  /// A scale for each row.
  ROW_SCALES,

  /// Queries of cached attention, side by side.
  QUERIES,
  /// Keys or values of a sequence, side by side.
  ROWS,
  /// Panels of the transposed keys of a sequence.
  KEYS_TRANSPOSED,
  /// Panels of the transposed values of a sequence.
  VALUES_TRANSPOSED,
  /// Panels of the keys of a sequence.
  KEYS,
  /// Panels of the values of a sequence.
  VALUES,
  /// Scores of some queries, then their probabilities.
  SCORES,
  /// Gradients of the scores.
  SCORE_GRADIENTS,
  /// Sums of the exponentials of scores.
  SUMS,
  /// Weighted values of some queries.
  RESULTS,
  /// Panels of the rows of a block of queries.
  QUERY_ROWS,
  /// Gradients of the keys of a sequence.
  KEY_GRADIENTS,
  /// Gradients of the values of a sequence.
  VALUE_GRADIENTS,

  /// Hidden states of scored positions, side by side.
  STATES,
  /// A block of logits.
  LOGITS,
  /// Gradients of the states.
  STATE_GRADIENTS,

  /// Panels of the rows of A of a task.
  A_PANELS,
  /// Panels of B that all threads multiply with.
  B_PANELS,
  /// A tile with columns that the result does not have.
  EDGE,
  /// Rows in the order of [HalfLanes#unzip], on the heap.
  UNZIPPED,
  /// Weights of 16 bits, widened, on the heap.
  WIDE,
  /// Partial sums of tiles, on the heap.
  TILE_SUMS
}
