package dev.irpo.checkpoints.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.model.RopeScalingJson;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/// How a GGUF file scales the rotary frequencies, said as Hugging Face says it.
///
/// ```text
/// θᵢ = base^(−2i/D) / tableᵢ                     rope_freqs, or 1
/// linear:  θᵢ / factor                           also where no type is given
/// yarn:    θᵢ · (mᵢ + (1−mᵢ) / factor)           m = yarn_ext_factor · (1 − YaRN's ramp)
/// none:    θᵢ
/// cosines and sines: · attn_factor, with yarn also · (0.1 · ln(factor) + 1)
/// ```
///
/// What no kind of transformers says is a divisor for each frequency, its `longrope`. Source:
/// llama.cpp, `load_hparams`, the constructor of `llama_context`, and `rope_yarn` of ggml.
final class GgufRope {
  private static final double LEAST_WIDTH = 0.001;

  /// The frequencies of llama.cpp's converter, in single precision.
  private static final double TABLE_ERROR = 1e-5;

  private final String prefix;
  private final Map<String, Object> values;
  private final int context;
  private final int headDim;
  private final double base;

  /// @param prefix of the architecture's keys
  /// @param values of the metadata
  /// @param context `context_length`
  GgufRope(String prefix, Map<String, Object> values, int context, int headDim, double base) {
    this.prefix = prefix + "rope.";
    this.values = values;
    this.context = context;
    this.headDim = headDim;
    this.base = base;
  }

  /// Whether `rope_factors_short` and `rope_factors_long` take the place of `rope_freqs`.
  boolean hasTwoTables() {
    return type().equals("longrope");
  }

  /// The scaling, none where the frequencies follow from the base.
  ///
  /// @param table D/2 divisors, none for 1
  /// @throws IllegalArgumentException with a fact that names the key, if it cannot be computed
  Optional<ObjectNode> scaling(Optional<double[]> table) {
    double factor = factor();
    double attention = positive("attn_factor", 1);
    return switch (type()) {
      case "none" -> divided(table, 1, attention);
      case "linear" -> {
        requireNoYarn();
        boolean isLinear = table.isEmpty() && attention == 1 && factor != 1;
        yield isLinear
            ? Optional.of(RopeScalingJson.linear(factor))
            : divided(table, factor, attention);
      }
      case "yarn" -> yarn(table, factor, attention);
      default -> throw new IllegalArgumentException(unknownType());
    };
  }

  /// The scaling with a table for sequences within the first context and one for longer ones.
  ObjectNode scaling(double[] shortTable, double[] longTable) {
    requireNoYarn();
    double factor = factor();
    return RopeScalingJson.divided(
        times(shortTable, factor),
        times(longTable, factor),
        originalContext(),
        positive("attn_factor", 1));
  }

  private String scaling() {
    return prefix + "scaling.";
  }

  private String type() {
    return String.valueOf(values.getOrDefault(scaling() + "type", "linear"));
  }

  private String unknownType() {
    return "%stype is %s, only none, linear, yarn and longrope are read"
        .formatted(scaling(), type());
  }

  /// 0 stands for 1.
  private double factor() {
    String key = scaling() + "factor";
    Object value = values.getOrDefault(key, values.getOrDefault(prefix + "scale_linear", 0.0));
    if (!(value instanceof Double factor) || !(factor >= 0) || factor.isInfinite()) {
      throw new IllegalArgumentException("%s is %s, it must be positive".formatted(key, value));
    }
    return factor == 0 ? 1 : factor;
  }

  private double positive(String key, double whenMissing) {
    Object value = values.getOrDefault(scaling() + key, whenMissing);
    if (!(value instanceof Double number) || !(number > 0) || number.isInfinite()) {
      throw new IllegalArgumentException(
          "%s%s is %s, it must be a positive number".formatted(scaling(), key, value));
    }
    return number;
  }

  private int originalContext() {
    String key = scaling() + "original_context_length";
    Object value = values.getOrDefault(key, (long) context);
    if (!(value instanceof Long length) || length < 1 || length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("%s is %s, it must be positive".formatted(key, value));
    }
    return length.intValue();
  }

  /// Negative where it is not set: 1 with yarn, else 0.
  private double extrapolation(double whenUnset) {
    Object value = values.getOrDefault(scaling() + "yarn_ext_factor", -1.0);
    if (!(value instanceof Double number) || !(number <= 1)) {
      throw new IllegalArgumentException(
          "%syarn_ext_factor is %s, it must be at most 1".formatted(scaling(), value));
    }
    return number < 0 ? whenUnset : number;
  }

  private void requireNoYarn() {
    if (extrapolation(0) != 0) {
      throw new IllegalArgumentException(
          "%syarn_ext_factor is %s, only 0 is read without type yarn"
              .formatted(scaling(), extrapolation(0)));
    }
  }

  private Optional<ObjectNode> yarn(Optional<double[]> table, double factor, double attention) {
    double extrapolation = extrapolation(1);
    if (extrapolation == 0) {
      return divided(table, factor, attention);
    }
    double magnitude = factor <= 1 ? 1 : 0.1 * StrictMath.log(factor) + 1;
    requireKnownMagnitude(magnitude);
    double fast = positive("yarn_beta_fast", 32);
    double slow = positive("yarn_beta_slow", 1);
    if (table.isEmpty() && extrapolation == 1) {
      return Optional.of(
          RopeScalingJson.yarn(factor, originalContext(), fast, slow, attention * magnitude));
    }
    double low = Math.max(Math.floor(index(fast)), 0);
    double high = Math.min(Math.ceil(index(slow)), headDim - 1);
    double[] divisors = divisors(table, 1);
    for (int i = 0; i < divisors.length; i++) {
      double ramp = Math.clamp((i - low) / Math.max(LEAST_WIDTH, high - low), 0, 1);
      double kept = extrapolation * (1 - ramp);
      divisors[i] /= kept + (1 - kept) / factor;
    }
    return divided(divisors, attention * magnitude);
  }

  /// llama.cpp does not read `yarn_attn_factor` for a Llama; transformers' `attention_factor`,
  /// which its converter writes there, is the whole magnitude.
  private void requireKnownMagnitude(double magnitude) {
    double given = positive("yarn_attn_factor", 1);
    if (given != 1 && Math.abs(given - magnitude) > 1e-6 * magnitude) {
      throw new IllegalArgumentException(
          "%syarn_attn_factor is %s, only 1 and %s, which follows from the factor, are read"
              .formatted(scaling(), given, magnitude));
    }
  }

  private double index(double turns) {
    double positionsPerTurn = originalContext() / (turns * 2 * Math.PI);
    return headDim * StrictMath.log(positionsPerTurn) / (2 * StrictMath.log(base));
  }

  private double[] divisors(Optional<double[]> table, double factor) {
    double[] ones = new double[headDim / 2];
    Arrays.fill(ones, 1);
    return times(table.orElse(ones), factor);
  }

  private static double[] times(double[] table, double factor) {
    return Arrays.stream(table).map(divisor -> divisor * factor).toArray();
  }

  private Optional<ObjectNode> divided(Optional<double[]> table, double factor, double attention) {
    return divided(divisors(table, factor), attention);
  }

  private Optional<ObjectNode> divided(double[] divisors, double attention) {
    if (attention == 1 && Arrays.stream(divisors).allMatch(divisor -> divisor == 1)) {
      return Optional.empty();
    }
    double last = divisors[divisors.length - 1];
    return attention == 1 && isLlama3(divisors, last)
        ? Optional.of(RopeScalingJson.llama3(last))
        : Optional.of(RopeScalingJson.divided(divisors, divisors, context, attention));
  }

  /// Whether this is the table that llama.cpp's converter computes for Llama 3's scaling.
  private boolean isLlama3(double[] divisors, double factor) {
    for (int i = 0; i < divisors.length; i++) {
      double frequency = StrictMath.pow(base, -2.0 * i / headDim);
      double expected = RopeScalingJson.llama3Divisor(frequency, factor);
      if (!(Math.abs(divisors[i] - expected) <= TABLE_ERROR * expected)) {
        return false;
      }
    }
    return factor >= 1;
  }
}
