package dev.irpo.transformer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads and writes the keys of a Hugging Face `config.json` for the rotary embedding.
///
/// Transformers 5 keeps base and scaling in `rope_parameters`, or in its `full_attention` where
/// layers differ, earlier releases in `rope_theta` and an optional `rope_scaling`, whose
/// `rope_type` was once called `type`; all are read, and both styles are written. A key that no
/// kind of scaling has is refused by name.
///
/// @param maxPositions `max_position_embeddings`
record HuggingFaceRope(Map<String, ?> values, int maxPositions) {
  private static final double DEFAULT_BASE = 10_000;
  private static final String BASE = "rope_theta";
  private static final String TYPE = "rope_type";
  private static final String PARTIAL = "partial_rotary_factor";
  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final String FULL = "full_attention";

  /// In ascending order of precedence.
  private static final List<String> SECTIONS = List.of("rope_scaling", "rope_parameters");

  /// Keys of some kind; one that the kind of a model does not have changes nothing.
  static final Set<String> KNOWN =
      Set.of(
          BASE,
          TYPE,
          "type",
          PARTIAL,
          ORIGINAL,
          "factor",
          "low_freq_factor",
          "high_freq_factor",
          "attention_factor",
          "beta_fast",
          "beta_slow",
          "mscale",
          "mscale_all_dim",
          "truncate",
          "short_factor",
          "long_factor",
          "finetuned");

  /// Refuses embeddings that rotate other columns than Llama's.
  void requirePlain() {
    boolean isPartialKnown =
        sections().stream().anyMatch(section -> section.type().equals("proportional"));
    if (!isPartialKnown) {
      requireWhole(values);
    }
  }

  private static void requireWhole(Map<?, ?> keys) {
    double part = HuggingFaceConfig.number(keys, PARTIAL, 1);
    if (part != 1) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, only 1 is supported; use a Llama model".formatted(PARTIAL, part));
    }
  }

  /// Refuses scalings of which transformers' class of the family makes another, or an error.
  void requireKind(String... kinds) {
    for (Section section : sections()) {
      if (!List.of(kinds).contains(section.type())) {
        throw new IllegalArgumentException(
            "config.json: %s has type %s, only %s is supported in such a model; use one without it"
                .formatted(section.name(), section.type(), String.join(" or ", kinds)));
      }
    }
  }

  double base() {
    double base = HuggingFaceConfig.number(values, BASE, DEFAULT_BASE);
    for (Section section : sections()) {
      base = HuggingFaceConfig.number(section.keys(), BASE, base);
    }
    return base;
  }

  RopeScaling scaling() {
    List<RopeScaling> given = sections().stream().map(this::scaling).toList();
    if (given.size() == 2 && !given.getFirst().equals(given.getLast())) {
      throw new IllegalArgumentException(
          "config.json: rope_scaling says %s, rope_parameters %s; keep the one that is true"
              .formatted(given.getFirst(), given.getLast()));
    }
    return given.isEmpty() ? RopeScaling.NONE : given.getLast();
  }

  private List<Section> sections() {
    List<Section> sections = new ArrayList<>();
    for (String name : SECTIONS) {
      Object value = values.get(name);
      if (value instanceof Map<?, ?> keys) {
        boolean isByLayer = keys.get(FULL) instanceof Map<?, ?>;
        sections.add(isByLayer ? Section.ofFullAttention(name, keys) : new Section(name, keys));
      } else if (value != null) {
        throw new IllegalArgumentException(
            "config.json: %s is %s, it must be an object or null; take the config.json that belongs to the weights"
                .formatted(name, value));
      }
    }
    return sections;
  }

  private RopeScaling scaling(Section section) {
    section.requireKnown();
    if (!section.type().equals("proportional")) {
      requireWhole(section.keys());
    }
    return switch (section.type()) {
      case "default" -> RopeScaling.NONE;
      case "linear" -> new RopeScaling.Linear(section.number("factor"));
      case "dynamic" -> new RopeScaling.Dynamic(section.number("factor"));
      case "llama3" ->
          new RopeScaling.Llama3(
              section.number("factor"),
              section.number("low_freq_factor"),
              section.number("high_freq_factor"),
              firstContext(section));
      case "yarn" -> yarn(section);
      case "longrope" -> longRope(section);
      case "proportional" ->
          new RopeScaling.Proportional(
              section.number(PARTIAL, HuggingFaceConfig.number(values, PARTIAL, 1)),
              section.number("factor", 1));
      default ->
          throw new IllegalArgumentException(
              "config.json: %s has type %s, only default, linear, dynamic, llama3, yarn, longrope and proportional are supported; use a model without such positions"
                  .formatted(section.name(), section.type()));
    };
  }

  /// Phi 3 and its relatives keep it outside the section, where it counts first.
  private int firstContext(Section section) {
    double inSection = section.number(ORIGINAL, maxPositions);
    double context = HuggingFaceConfig.number(values, ORIGINAL, inSection);
    return HuggingFaceConfig.integer(ORIGINAL, context);
  }

  /// By how much the context grows, where `factor` is null.
  private double ratio(int firstContext) {
    return (double) maxPositions / firstContext;
  }

  private RopeScaling yarn(Section section) {
    int context = firstContext(section);
    boolean isNull = section.keys().containsKey("factor") && section.keys().get("factor") == null;
    double factor = isNull ? ratio(context) : section.number("factor");
    double weight = section.number("mscale", 0);
    double weightOfAll = section.number("mscale_all_dim", 0);
    double recommended =
        weight != 0 && weightOfAll != 0
            ? RopeScaling.Yarn.recommendedAttentionFactor(factor, weight)
                / RopeScaling.Yarn.recommendedAttentionFactor(factor, weightOfAll)
            : RopeScaling.Yarn.recommendedAttentionFactor(factor, 1);
    double fast = section.number("beta_fast", 0);
    double slow = section.number("beta_slow", 0);
    return new RopeScaling.Yarn(
        factor,
        context,
        fast == 0 ? 32 : fast,
        slow == 0 ? 1 : slow,
        !Boolean.FALSE.equals(section.keys().get("truncate")),
        section.number("attention_factor", recommended));
  }

  /// Two tables, one for sequences within the first context and one for longer ones.
  private RopeScaling longRope(Section section) {
    int context = firstContext(section);
    List<Double> divisors = section.numbers("short_factor");
    if (maxPositions > context && !divisors.equals(section.numbers("long_factor"))) {
      throw new IllegalArgumentException(
          "config.json: %s has type longrope, and %d of %d positions have another long_factor than short_factor, which depends on each sequence's length; use a model without such positions"
              .formatted(section.name(), maxPositions - context, maxPositions));
    }
    double factor = section.number("factor", ratio(context));
    double recommended =
        factor <= 1 ? 1 : Math.sqrt(1 + StrictMath.log(factor) / StrictMath.log(context));
    return new RopeScaling.Divided(divisors, section.number("attention_factor", recommended));
  }

  static void write(LlamaConfig config, Map<String, Object> json) {
    Map<String, Object> scaling = keys(config);
    json.put(BASE, config.ropeBase());
    json.put("rope_scaling", config.ropeScaling().equals(RopeScaling.NONE) ? null : scaling);
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put(BASE, config.ropeBase());
    parameters.putAll(scaling);
    json.put("rope_parameters", parameters);
  }

  private static Map<String, Object> keys(LlamaConfig config) {
    return switch (config.ropeScaling()) {
      case RopeScaling.None() -> section("default");
      case RopeScaling.Linear(double factor) -> section("linear", "factor", factor);
      case RopeScaling.Dynamic(double factor) -> section("dynamic", "factor", factor);
      case RopeScaling.Llama3 llama3 ->
          section(
              "llama3",
              "factor",
              llama3.factor(),
              "low_freq_factor",
              llama3.lowFreqFactor(),
              "high_freq_factor",
              llama3.highFreqFactor(),
              ORIGINAL,
              llama3.originalMaxPositions());
      case RopeScaling.Yarn yarn ->
          section(
              "yarn",
              "factor",
              yarn.factor(),
              ORIGINAL,
              yarn.originalMaxPositions(),
              "beta_fast",
              yarn.betaFast(),
              "beta_slow",
              yarn.betaSlow(),
              "truncate",
              yarn.truncate(),
              "attention_factor",
              yarn.attentionFactor());
      case RopeScaling.Divided(List<Double> divisors, double attentionFactor) ->
          section(
              "longrope",
              "factor",
              1.0,
              ORIGINAL,
              config.maxPositions(),
              "short_factor",
              divisors,
              "long_factor",
              divisors,
              "attention_factor",
              attentionFactor);
      case RopeScaling.Proportional(double part, double factor) ->
          section("proportional", "factor", factor, PARTIAL, part);
    };
  }

  private static Map<String, Object> section(String type, Object... keysAndValues) {
    Map<String, Object> section = new LinkedHashMap<>();
    section.put(TYPE, type);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      section.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return section;
  }

  /// One of the two objects that say how positions are scaled.
  private record Section(String name, Map<?, ?> keys) {
    static Section ofFullAttention(String name, Map<?, ?> byLayer) {
      for (Map.Entry<?, ?> layers : byLayer.entrySet()) {
        if (!layers.getKey().equals(FULL) && layers.getValue() instanceof Map<?, ?>) {
          throw new IllegalArgumentException(
              "config.json: %s has %s, only %s is supported; use a Llama model"
                  .formatted(name, layers.getKey(), FULL));
        }
      }
      return new Section(name + "." + FULL, (Map<?, ?>) byLayer.get(FULL));
    }

    String type() {
      Object type = keys.get(TYPE) == null ? keys.get("type") : keys.get(TYPE);
      return type == null ? "default" : type.toString();
    }

    void requireKnown() {
      for (Map.Entry<?, ?> entry : keys.entrySet()) {
        if (entry.getValue() != null && !KNOWN.contains(entry.getKey())) {
          throw new IllegalArgumentException(
              "config.json: %s has %s %s, which no scaling of a Llama's positions has; use a Llama model"
                  .formatted(name, entry.getKey(), entry.getValue()));
        }
      }
    }

    double number(String key) {
      requirePresent(key);
      return number(key, 0);
    }

    double number(String key, double whenMissing) {
      return HuggingFaceConfig.number(keys, key, whenMissing);
    }

    List<Double> numbers(String key) {
      requirePresent(key);
      if (keys.get(key) instanceof List<?> list
          && list.stream().allMatch(Number.class::isInstance)) {
        return list.stream().map(number -> ((Number) number).doubleValue()).toList();
      }
      throw new IllegalArgumentException(
          "config.json: %s of %s is %s, it must be numbers".formatted(key, name, keys.get(key)));
    }

    private void requirePresent(String key) {
      if (keys.get(key) == null) {
        throw new IllegalArgumentException(
            "config.json: %s lacks %s; take the config.json that belongs to the weights"
                .formatted(name, key));
      }
    }
  }
}
