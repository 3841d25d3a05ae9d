package dev.irpo.train;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.LogSigmoid.logSigmoid;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.Subtract.subtract;
import static dev.irpo.tensor.op.Sum.sum;

import dev.irpo.config.LossSettings;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.packing.SharedPrompt;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.TrainItem;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The paper's loss of a preference pair (arXiv:2404.19733): DPO and the negative log-likelihood of
/// the chosen response.
///
/// ```text
/// L_DPO = −ln σ( β·[ln M_θ(c,y|x) − ln M_t(c,y|x)] of the chosen − β·[the same] of the rejected )
/// version 1, Eq. 1:  L = L_NLL + α·L_DPO    L_NLL = −ln M_θ(x,c,y) / (|x| + |c| + |y|)
/// version 3, Eq. 1:  L = L_DPO + α·L_NLL    L_NLL = −ln M_θ(c,y|x) / (|c| + |y|)
/// ```
///
/// The step's loss is the mean over its pairs. Nothing predicts the first token of x, so the joint
/// log-probability of version 1 has no term for it; its divisor counts it.
public record IrpoLoss(LossSettings settings) implements Loss {
  private static final int PROMPT = 0;
  private static final int CHOSEN = 1;
  private static final int REJECTED = 2;

  @Override
  public List<String> sums() {
    return List.of("promptLogProb", "chosenLogProb", "rejectedLogProb");
  }

  @Override
  public List<String> inputs() {
    return List.of("weight", "inverseLength", "chosenReference", "rejectedReference");
  }

  @Override
  public Terms terms(Map<String, Tensor> sums, Map<String, Tensor> inputs) {
    Tensor chosenReward = reward(sums.get("chosenLogProb"), inputs.get("chosenReference"));
    Tensor rejectedReward = reward(sums.get("rejectedLogProb"), inputs.get("rejectedReference"));
    Tensor dpo = scale(logSigmoid(subtract(chosenReward, rejectedReward)), -1);
    Tensor nll = scale(multiply(likelihood(sums), inputs.get("inverseLength")), -1);
    Tensor pairLoss =
        switch (settings.version()) {
          case V1 -> add(nll, scale(dpo, settings.alpha()));
          case V3 -> add(dpo, scale(nll, settings.alpha()));
        };
    SequencedMap<String, Tensor> metrics = new LinkedHashMap<>();
    metrics.put("loss", pairLoss);
    metrics.put("nll", nll);
    metrics.put("dpo", dpo);
    metrics.put("chosenReward", chosenReward);
    metrics.put("rejectedReward", rejectedReward);
    return new Terms(sum(multiply(inputs.get("weight"), pairLoss)), metrics);
  }

  /// The implicit reward β·ln(M_θ/M_t).
  private Tensor reward(Tensor logProb, Tensor referenceLogProb) {
    return scale(subtract(logProb, referenceLogProb), settings.dpoBeta());
  }

  /// What the NLL term is of: ln M(x,c,y) or ln M(c,y|x).
  private Tensor likelihood(Map<String, Tensor> sums) {
    Tensor chosen = sums.get("chosenLogProb");
    return switch (settings.version()) {
      case V1 -> add(sums.get("promptLogProb"), chosen);
      case V3 -> chosen;
    };
  }

  /// A pair as an item of a step.
  ///
  /// @param weight 1 / pairs of the step
  public TrainItem item(PreferencePair pair, double weight) {
    boolean promptCounts = settings.version() == LossSettings.Version.V1;
    int length = pair.chosenIds().length + (promptCounts ? pair.promptIds().length : 0);
    SharedPrompt tokens =
        new SharedPrompt(
            pair.promptIds(),
            promptCounts ? PROMPT : SharedPrompt.NOT_SCORED,
            List.of(
                new SharedPrompt.Response(pair.chosenIds(), CHOSEN),
                new SharedPrompt.Response(pair.rejectedIds(), REJECTED)));
    float[] numbers = {
      (float) weight,
      (float) (1.0 / length),
      pair.chosenReferenceLogProb(),
      pair.rejectedReferenceLogProb()
    };
    return new TrainItem(tokens, numbers);
  }
}
