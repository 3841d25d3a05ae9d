package dev.irpo.transformer;

import dev.irpo.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// What a low-rank adapter adds to linear layers (LoRA: Hu et al. 2021, arXiv:2106.09685, section
/// 4.1):
///
/// ```text
/// y = W·x + s·B·(A·x)      A (r, in)    B (out, r)
/// s = alpha / r            or alpha / √r, rank-stabilised (Kalajdzievski 2023, arXiv:2312.03732)
/// ```
///
/// A fresh one adds nothing: B is zero.
///
/// @param rank r
/// @param alpha what s is of the rank
/// @param rankStabilised whether it is alpha / √r
/// @param targets the linear layers, of [#TARGETS], in that order
public record Adapter(int rank, double alpha, boolean rankStabilised, List<String> targets) {
  /// The linear layers that there are.
  public static final List<String> TARGETS =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

  /// What the names of A have after that of their linear layer.
  public static final String A = ".lora_A.weight";

  /// What the names of B have after that of their linear layer.
  public static final String B = ".lora_B.weight";

  /// The key of config.json under which a model says that it has one. It is ours: a model of
  /// transformers has its adapter beside it.
  public static final String KEY = "irpo_adapter";

  private static final String WEIGHT = ".weight";
  private static final int MOST_RANK = 1 << 16;

  /// Checks the numbers and puts the targets in order.
  ///
  /// @throws IllegalArgumentException naming what is wrong
  public Adapter {
    if (rank < 1 || rank > MOST_RANK) {
      throw new IllegalArgumentException(
          "rank is %d, an adapter has 1 to %d".formatted(rank, MOST_RANK));
    }
    if (!(alpha > 0) || Double.isInfinite(alpha)) {
      throw new IllegalArgumentException(
          "alpha is %s, an adapter needs a number above 0".formatted(alpha));
    }
    for (String target : targets) {
      if (!TARGETS.contains(target)) {
        throw new IllegalArgumentException(
            "%s is no linear layer of a model; take some of %s"
                .formatted(target, String.join(", ", TARGETS)));
      }
    }
    if (targets.isEmpty()) {
      throw new IllegalArgumentException(
          "an adapter needs a target; take some of " + String.join(", ", TARGETS));
    }
    List<String> given = targets;
    targets = TARGETS.stream().filter(given::contains).toList();
  }

  /// As messages have it.
  @Override
  public String toString() {
    String alphaText = alpha == Math.rint(alpha) ? String.valueOf((long) alpha) : "" + alpha;
    return "rank %d, alpha %s%s for %s"
        .formatted(
            rank,
            alphaText,
            rankStabilised ? " over its root" : "",
            targets.equals(TARGETS) ? "all linear layers" : String.join(", ", targets));
  }

  /// s, by which B·(A·x) is multiplied.
  public double scale() {
    return alpha / (rankStabilised ? Math.sqrt(rank) : rank);
  }

  /// Whether it adds to the linear layer of this name, or of this end of a name.
  boolean adds(String linear) {
    return targets.contains(linear.substring(linear.lastIndexOf('.') + 1));
  }

  /// Whether a parameter is one of an adapter.
  public static boolean has(String parameter) {
    return parameter.endsWith(A) || parameter.endsWith(B);
  }

  /// Names of A and B.
  public record Factors(String a, String b) {}

  /// Names of what an adapter adds to a weight, if it adds something; none of other parameters.
  public static Optional<Factors> factorsOf(String weight) {
    if (has(weight) || !weight.endsWith("_proj" + WEIGHT)) {
      return Optional.empty();
    }
    String linear = weight.substring(0, weight.length() - WEIGHT.length());
    return Optional.of(new Factors(linear + A, linear + B));
  }

  /// What config.json has under [#KEY]; the keys are PEFT's.
  public SequencedMap<String, Object> toJson() {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("r", rank);
    json.put("lora_alpha", alpha);
    json.put("use_rslora", rankStabilised);
    json.put("target_modules", targets);
    return json;
  }

  /// Adds its parameters to those of a layer.
  void add(SequencedMap<String, Shape> shapes) {
    Map<String, Shape> weights = new LinkedHashMap<>(shapes);
    weights.forEach((name, shape) -> {
      Optional<Factors> factors = factorsOf(name);
      if (factors.isPresent() && adds(name.substring(0, name.length() - WEIGHT.length()))) {
        shapes.put(factors.get().a(), Shape.of(rank, shape.size(1)));
        shapes.put(factors.get().b(), Shape.of(shape.size(0), rank));
      }
    });
  }

  /// Element of a fresh A: uniform within ±1/√in, as `kaiming_uniform_` with a = √5 draws it in
  /// PEFT; of a fresh B: 0.
  ///
  /// @param shape of the parameter
  public static float fresh(long seed, String parameter, Shape shape, long index) {
    if (parameter.endsWith(B)) {
      return 0;
    }
    double uniform = CounterRandom.uniform(CounterRandom.key(seed, parameter), index);
    return (float) ((2 * uniform - 1) / Math.sqrt(shape.size(1)));
  }
}
