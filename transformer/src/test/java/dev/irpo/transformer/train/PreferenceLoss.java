package dev.irpo.transformer.train;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.LogSigmoid.logSigmoid;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.Subtract.subtract;
import static dev.irpo.tensor.op.Sum.sum;

import dev.irpo.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The v1 loss with β 0.1 and α 1, for tests.
final class PreferenceLoss implements Loss {
  @Override
  public List<String> sums() {
    return List.of("prompt", "chosen", "rejected");
  }

  @Override
  public List<String> inputs() {
    return List.of("weight", "inverseLength", "referenceMargin");
  }

  @Override
  public Terms terms(Map<String, Tensor> sums, Map<String, Tensor> inputs) {
    Tensor joint = add(sums.get("prompt"), sums.get("chosen"));
    Tensor nll = scale(multiply(joint, inputs.get("inverseLength")), -1);
    Tensor margin = subtract(sums.get("chosen"), sums.get("rejected"));
    Tensor dpo = scale(logSigmoid(scale(subtract(margin, inputs.get("referenceMargin")), 0.1)), -1);
    SequencedMap<String, Tensor> metrics = new LinkedHashMap<>();
    metrics.put("nll", nll);
    metrics.put("dpo", dpo);
    return new Terms(sum(multiply(add(nll, dpo), inputs.get("weight"))), metrics);
  }
}
