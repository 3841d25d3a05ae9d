package dev.irpo.tensor;

import java.util.Optional;

/// How a graph is to be compiled.
///
/// @param workspace memory that programs of which one runs at a time have in common; a backend may
///   give each its own instead. Ask [Program#buffer] for outputs after each run, because they move
///   when a larger program joins
/// @param roundsWeights lets products read weights rounded to [DType#BF16] where the backend keeps
///   such copies ([BackendTraits#roundsWeights()]); for programs that sample
public record CompileOptions(Optional<Workspace> workspace, boolean roundsWeights) {
  /// Memory of its own, weights as they are.
  public static final CompileOptions DEFAULT = new CompileOptions(Optional.empty(), false);

  /// The same in memory that other programs use as well.
  public CompileOptions in(Workspace shared) {
    return new CompileOptions(Optional.of(shared), roundsWeights);
  }

  /// The same with rounded weights where the backend keeps them.
  public CompileOptions roundingWeights() {
    return new CompileOptions(workspace, true);
  }
}
