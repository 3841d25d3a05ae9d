package dev.irpo.loss;

import dev.irpo.setting.Setting;

/// The loss of a pair.
public record LossSettings(
    @Setting(
            value = "v1",
            doc =
                "the paper's version: v1 is L_NLL + α·L_DPO over prompt and response, v3 L_DPO +"
                    + " α·L_NLL over the response")
        Version version,
    @Setting(value = "0.1", range = "(0, 100]", doc = "β of the DPO term") double dpoBeta,
    @Setting(value = "1", range = "[0, 1000]", doc = "α, the weight of the loss's second term")
        double alpha) {
  /// Versions of the paper that differ in the loss.
  public enum Version {
    /// The first of April 2024.
    V1,
    /// The third of June 2024.
    V3
  }
}
