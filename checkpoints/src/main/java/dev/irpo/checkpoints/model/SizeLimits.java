package dev.irpo.checkpoints.model;

/// Upper limits of sizes: no model reaches them, and products of smaller sizes never overflow.
public final class SizeLimits {
  /// Columns of a matrix.
  public static final int WIDTH = 1 << 22;

  private static final int LAYERS = 1 << 10;
  private static final int POSITIONS = 1 << 30;

  private SizeLimits() {}

  /// The largest value of a key of `params.json` or of GGUF's sizes.
  public static int of(String key) {
    return switch (key) {
      case "n_layers", "block_count" -> LAYERS;
      case "context_length" -> POSITIONS;
      default -> WIDTH;
    };
  }
}
