package dev.irpo.config;

import dev.irpo.setting.Described;
import dev.irpo.setting.Setting;

/// The low-rank adapter that is trained in place of a model ([dev.irpo.transformer.Adapter]).
public record AdapterSettings(
    @Setting(
            value = "0",
            range = "[0, 65536]",
            doc =
                "rank r of a low-rank adapter (LoRA) that is added to the model and trained alone,"
                    + " unless train.parameters names what is; 0: none")
        int rank,
    @Setting(
            value = "16",
            range = "(0, inf)",
            doc = "what the adapter adds is B·(A·x) times alpha / r")
        double alpha,
    @Setting(value = "false", doc = "whether it is times alpha / √r instead (rsLoRA)")
        boolean rankStabilised,
    @Setting(
            value = "all",
            pattern = AdapterSettings.PATTERN,
            form =
                "all, or several of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj and"
                    + " down_proj with commas between",
            doc = "linear layers that it adds to")
        String targets,
    @Setting(value = "never", doc = "when a run merges it into the weights") Merge merge) {
  /// When a run computes with W + s·B·A in place of W and an adapter.
  public enum Merge implements Described {
    /// Rollouts are scored while they are sampled.
    NEVER("one adapter is trained on from iteration to iteration, and samples beside the weights"),
    /// Fewer products for each token.
    SAMPLING("the same, but rollouts are sampled with merged weights, and their pairs scored anew"),
    /// What several adapters learn adds up to a change of a higher rank.
    ITERATION("each M_t is stored merged, and the next iteration trains a new adapter upon it");

    private final String description;

    Merge(String description) {
      this.description = description;
    }

    @Override
    public String description() {
      return description;
    }
  }

  private static final String TARGET = "(q|k|v|o|gate|up|down)_proj";

  static final String PATTERN = "all|\\s*" + TARGET + "(\\s*,\\s*" + TARGET + ")*\\s*";
}
