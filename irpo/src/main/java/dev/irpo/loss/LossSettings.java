package dev.irpo.loss;

import dev.irpo.setting.Setting;
import dev.irpo.transformer.train.Loss;
import java.util.function.Function;

/// What is minimised over preference pairs. A key whose name begins with that of a kind is of this
/// kind alone.
public record LossSettings(
    @Setting(
            value = "irpo",
            doc =
                "irpo: DPO and the likelihood of the chosen response (arXiv:2404.19733, Eq. 1);"
                    + " dpo: DPO alone (arXiv:2305.18290, Eq. 7); sft: the likelihood of the chosen"
                    + " response alone, a token; ipo (arXiv:2310.12036, Eq. 17); simpo: without a"
                    + " reference (arXiv:2405.14734, Eq. 6)")
        Kind kind,
    @Setting(
            value = "v1",
            formerly = "version",
            doc =
                "the paper's version, of irpo: v1 is L_NLL + α·L_DPO over prompt and response, v3"
                    + " L_DPO + α·L_NLL over the response")
        PaperVersion paperVersion,
    @Setting(value = "0.1", range = "(0, 100]", doc = "β of the DPO term, of irpo and dpo")
        double dpoBeta,
    @Setting(
            value = "1",
            range = "[0, 1000]",
            doc = "α, the weight of the loss's second term, of irpo")
        double alpha,
    @Setting(value = "0.1", range = "(0, 100]", doc = "τ: the log-ratios are to differ by 1/(2τ)")
        double ipoTau,
    @Setting(value = "2", range = "(0, 1000]", doc = "β, of the log-probability a token")
        double simpoBeta,
    @Setting(value = "1", range = "[0, 1000]", doc = "γ, the margin that is wanted")
        double simpoGamma) {
  /// The losses that there are.
  public enum Kind {
    /// The paper's.
    IRPO(IrpoLoss::new),
    /// Direct preference optimisation.
    DPO(settings -> new DpoLoss(settings.dpoBeta())),
    /// Imitation of the chosen response.
    SFT(_ -> new TokenLoss(false)),
    /// Identity preference optimisation.
    IPO(settings -> new IpoLoss(settings.ipoTau())),
    /// Simple preference optimisation.
    SIMPO(settings -> new SimpoLoss(settings.simpoBeta(), settings.simpoGamma()));

    @SuppressWarnings("ImmutableEnumChecker") // makers hold no state
    private final Function<LossSettings, Loss<?>> maker;

    Kind(Function<LossSettings, Loss<?>> maker) {
      this.maker = maker;
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
