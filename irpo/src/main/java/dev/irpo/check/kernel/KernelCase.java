package dev.irpo.check.kernel;

/// All kernels, each at the place that costs most in a training step or, for the cache, in a decode
/// step.
@SuppressWarnings("ImmutableEnumChecker") // each work is a constant
public enum KernelCase {
  /// The feed-forward layer's first product.
  LINEAR(MatrixWork.LINEAR),
  /// Its gradient with respect to the input.
  LINEAR_INPUT_GRADIENT(MatrixWork.LINEAR_INPUT_GRADIENT),
  /// Its gradient with respect to the weight.
  LINEAR_WEIGHT_GRADIENT(MatrixWork.LINEAR_WEIGHT_GRADIENT),
  /// Rows of the embedding table.
  GATHER_ROWS(RowWork.GATHER_ROWS),
  /// Its gradient.
  SCATTER_ADD_ROWS(RowWork.SCATTER_ADD_ROWS),
  /// Normalisation of every row.
  RMS_NORM(RowWork.RMS_NORM),
  /// Its gradient with respect to the rows.
  RMS_NORM_INPUT_GRADIENT(RowWork.RMS_NORM_INPUT_GRADIENT),
  /// Its gradient with respect to the weight.
  RMS_NORM_WEIGHT_GRADIENT(RowWork.RMS_NORM_WEIGHT_GRADIENT),
  /// Rotary embedding of all heads.
  ROPE(RowWork.ROPE),
  /// Attention of preference pairs that share their prompts.
  PACKED_ATTENTION(AttentionWork.PACKED_ATTENTION),
  /// Its gradient.
  PACKED_ATTENTION_GRADIENT(AttentionWork.PACKED_ATTENTION_GRADIENT),
  /// A token of each of 64 responses that have 128 tokens already.
  CACHED_ATTENTION(AttentionWork.CACHED_ATTENTION),
  /// As PACKED_ATTENTION where queries meet 24 keys at most.
  WINDOWED_PACKED_ATTENTION(AttentionWork.WINDOWED_PACKED_ATTENTION),
  /// Its gradient.
  WINDOWED_PACKED_ATTENTION_GRADIENT(AttentionWork.WINDOWED_PACKED_ATTENTION_GRADIENT),
  /// As CACHED_ATTENTION where queries meet 24 keys at most.
  WINDOWED_CACHED_ATTENTION(AttentionWork.WINDOWED_CACHED_ATTENTION),
  /// The residual sum.
  ADD(ElementwiseWork.ADD),
  /// A difference.
  SUBTRACT(ElementwiseWork.SUBTRACT),
  /// A product of elements.
  MULTIPLY(ElementwiseWork.MULTIPLY),
  /// A multiple.
  SCALE(ElementwiseWork.SCALE),
  /// One number everywhere.
  FILL(ElementwiseWork.FILL),
  /// Zero everywhere.
  ZERO(ElementwiseWork.ZERO),
  /// A sum kept.
  ACCUMULATE(ElementwiseWork.ACCUMULATE),
  /// The sum of all elements.
  SUM(ElementwiseWork.SUM),
  /// The loss of a margin.
  LOG_SIGMOID(ElementwiseWork.LOG_SIGMOID),
  /// Its gradient.
  LOG_SIGMOID_GRADIENT(ElementwiseWork.LOG_SIGMOID_GRADIENT),
  /// The gated unit between the feed-forward layer's products.
  SWI_GLU(ElementwiseWork.SWI_GLU),
  /// Its gradient.
  SWI_GLU_GRADIENT(ElementwiseWork.SWI_GLU_GRADIENT),
  /// Activations kept in 16 bits.
  NARROW(ElementwiseWork.NARROW),
  /// The same read again.
  WIDEN(ElementwiseWork.WIDEN),
  /// Head, log-softmax and gather for every row.
  TOKEN_LOG_PROBS(ScoreWork.TOKEN_LOG_PROBS),
  /// Its gradient.
  TOKEN_LOG_PROBS_GRADIENT(ScoreWork.TOKEN_LOG_PROBS_GRADIENT),
  /// Its gradient with respect to the states alone.
  TOKEN_LOG_PROBS_INPUT_GRADIENT(ScoreWork.TOKEN_LOG_PROBS_INPUT_GRADIENT),
  /// Its gradient with respect to the head alone.
  TOKEN_LOG_PROBS_WEIGHT_GRADIENT(ScoreWork.TOKEN_LOG_PROBS_WEIGHT_GRADIENT),
  /// Normalisers of sampled rows.
  LOG_SUM_EXP(ScoreWork.LOG_SUM_EXP),
  /// Weights of blocks of tokens of the same rows.
  BLOCK_WEIGHTS(ScoreWork.BLOCK_WEIGHTS),
  /// A token for each of these rows, with and without tokens cut off.
  DRAW_TOKENS(ScoreWork.DRAW_TOKENS),
  /// Log-probabilities of responses from those of their tokens.
  SEGMENT_SUM(ScoreWork.SEGMENT_SUM),
  /// Its gradient.
  SEGMENT_SUM_GRADIENT(ScoreWork.SEGMENT_SUM_GRADIENT),
  /// The gradient's norm, of one product's weight.
  SQUARED_NORM(OptimizerWork.SQUARED_NORM),
  /// The update of one product's weight.
  ADAM_W(OptimizerWork.ADAM_W);

  private final KernelWork work;

  KernelCase(KernelWork work) {
    this.work = work;
  }

  /// Its arguments, call and check.
  public KernelWork work() {
    return work;
  }
}
