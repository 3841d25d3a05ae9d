package dev.irpo.loss;

import dev.irpo.setting.Described;
import dev.irpo.setting.Setting;
import dev.irpo.transformer.train.Loss;
import java.util.function.Function;

/// What is minimised.
///
/// A key whose name begins with that of a kind concerns this kind alone, and no preset of another
/// need set it; the β of the DPO term is that of `irpo` too.
public record LossSettings(
    @Setting(value = "irpo", doc = "what is minimised, with h = ln M_θ/M_ref of a response")
        Kind kind,
    @Setting(
            value = "v1",
            formerly = "version",
            doc =
                "irpo only, the paper's version: v1 is L_NLL + α·L_DPO over prompt and response, v3"
                    + " L_DPO + α·L_NLL over the response")
        PaperVersion paperVersion,
    @Setting(value = "0.1", range = "(0, 100]", doc = "irpo and dpo only: β of the DPO term")
        double dpoBeta,
    @Setting(
            value = "1",
            range = "[0, 1000]",
            doc = "irpo only: α, the weight of the loss's second term")
        double alpha,
    @Setting(
            value = "0.1",
            range = "(0, 100]",
            doc = "ipo only: τ; the two h are to differ by 1/(2τ)")
        double ipoTau,
    @Setting(
            value = "2",
            range = "(0, 1000]",
            doc = "simpo only: β, the weight of the log-probability per token")
        double simpoBeta,
    @Setting(
            value = "1",
            range = "[0, 1000]",
            doc = "simpo only: γ, the margin that is wanted between chosen and rejected")
        double simpoGamma) {
  /// The losses that there are.
  public enum Kind implements Described {
    /// The paper's.
    IRPO("L_NLL + α·L_DPO, the paper's (arXiv:2404.19733, Eq. 1)", IrpoLoss::new),
    /// Direct preference optimisation.
    DPO(
        "−ln σ(β·(h_chosen − h_rejected)) (arXiv:2305.18290, Eq. 7)",
        settings -> new DpoLoss(settings.dpoBeta())),
    /// Imitation of the chosen response.
    SFT("−ln M_θ per token of the chosen response alone", _ -> new TokenLoss(false)),
    /// Identity preference optimisation.
    IPO(
        "(h_chosen − h_rejected − 1/(2τ))² (arXiv:2310.12036, Eq. 17)",
        settings -> new IpoLoss(settings.ipoTau())),
    /// Simple preference optimisation.
    SIMPO(
        "−ln σ(β·(l_chosen − l_rejected) − γ), l = ln M_θ per token, without a reference"
            + " (arXiv:2405.14734, Eq. 6)",
        settings -> new SimpoLoss(settings.simpoBeta(), settings.simpoGamma()));

    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // makers hold no state
    private final Function<LossSettings, Loss<?>> maker;

    Kind(String description, Function<LossSettings, Loss<?>> maker) {
      this.description = description;
      this.maker = maker;
    }

    @Override
    public String description() {
      return description;
    }
  }

  /// Versions of the paper that differ in the loss.
  public enum PaperVersion {
    /// The first of April 2024.
    V1,
    /// The third of June 2024.
    V3
  }

  /// The loss that is set.
  public Loss<?> loss() {
    return kind.maker.apply(this);
  }
}
