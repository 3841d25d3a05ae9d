package dev.irpo.train;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.Sum.sum;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.Loss;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The loss of supervised fine-tuning: the mean negative log-likelihood of the scored tokens.
///
/// ```text
/// L = − Σ_i weight_i · (ln M(x_i) + ln M(y_i | x_i))      weight = 1 / scored tokens of the step
/// ```
///
/// Prompts count where their items score them.
public record TokenLoss() implements Loss {
  /// Number of the prompts' sum.
  public static final int PROMPT = 0;

  /// Number of the responses' sum.
  public static final int RESPONSE = 1;

  @Override
  public List<String> sums() {
    return List.of("promptLogProb", "responseLogProb");
  }

  @Override
  public List<String> inputs() {
    return List.of("weight");
  }

  @Override
  public Terms terms(Map<String, Tensor> sums, Map<String, Tensor> inputs) {
    Tensor logProb = add(sums.get("promptLogProb"), sums.get("responseLogProb"));
    Tensor loss = scale(sum(multiply(inputs.get("weight"), logProb)), -1);
    return new Terms(loss, new LinkedHashMap<>());
  }
}
