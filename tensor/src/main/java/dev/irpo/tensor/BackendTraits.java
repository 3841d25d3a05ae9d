package dev.irpo.tensor;

import java.util.Set;

/// What callers must know of a backend to use it well.
///
/// @param mappedWeights types of matrices that stay where a checkpoint has them, while operations
///   read them; none where all weights are loaded
/// @param roundsWeights whether it keeps rounded copies of weights for programs that ask for them,
///   see [CompileOptions#roundsWeights()]; what these sample then has other log-probabilities than
///   scoring gives
/// @param compilesSlowly whether compiling takes seconds, so that callers make do with few sizes of
///   a program and compile all before they run one; programs over the same variables are compiled
///   again, all together, when another joins them later
/// @param isBatchInvariant whether a row has the same bits whatever the other rows of its program,
///   so that sampling, scoring and training agree to the bit
/// @param runsOnHost whether its programs may have operations that work on the host's memory, see
///   [Op#runsOnHost()]
/// @param keepsHalfCaches whether keys and values that are numbers of [DType#BF16] may be in a
///   cache of that type, see [dev.irpo.tensor.op.CachedAttention]
public record BackendTraits(
    Set<DType> mappedWeights,
    boolean roundsWeights,
    boolean compilesSlowly,
    boolean isBatchInvariant,
    boolean runsOnHost,
    boolean keepsHalfCaches) {
  /// All weights loaded, programs compiled at once, each row on its own.
  public static final BackendTraits PLAIN =
      new BackendTraits(
          /* mappedWeights= */ Set.of(),
          /* roundsWeights= */ false,
          /* compilesSlowly= */ false,
          /* isBatchInvariant= */ true,
          /* runsOnHost= */ true,
          /* keepsHalfCaches= */ false);

  /// What is known of a device before it is started: programs keep what they compute, caches,
  /// gradients and moments there alone.
  public static final BackendTraits DEVICE =
      new BackendTraits(
          /* mappedWeights= */ Set.of(DType.F32, DType.BF16),
          /* roundsWeights= */ false,
          /* compilesSlowly= */ true,
          /* isBatchInvariant= */ true,
          /* runsOnHost= */ false,
          /* keepsHalfCaches= */ true);

  /// Whether weights that do not change can stay where a checkpoint has them.
  public boolean mapsWeights() {
    return !mappedWeights.isEmpty();
  }

  /// The same of a backend that may have caches in bfloat16.
  public BackendTraits keepingHalfCaches() {
    return new BackendTraits(
        mappedWeights,
        roundsWeights,
        compilesSlowly,
        isBatchInvariant,
        runsOnHost,
        /* keepsHalfCaches= */ true);
  }
}
