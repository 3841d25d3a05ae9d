package dev.irpo.checkpoints.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// `adapter_config.json` of PEFT 0.21. What changes numbers and is not computed here is refused by
/// name.
final class PeftConfig {
  static final String FILE_NAME = "adapter_config.json";

  /// The key of our config.json, with PEFT's keys within (`dev.irpo.transformer.Adapter`).
  static final String ADAPTER = "irpo_adapter";

  private static final String BASE = "base_model_name_or_path";
  private static final String RANK = "r";
  private static final String ALPHA = "lora_alpha";
  private static final String ROOT = "use_rslora";

  /// The linear layers that have factors.
  static final String TARGETS = "target_modules";

  /// Keys of what is not computed, and the values that change nothing.
  private static final Map<String, List<String>> NEUTRAL =
      Map.ofEntries(
          Map.entry("peft_type", List.of("LORA")),
          Map.entry("bias", List.of("none")),
          Map.entry("fan_in_fan_out", List.of("false")),
          Map.entry("lora_bias", List.of("false")),
          Map.entry("use_dora", List.of("false")),
          Map.entry("use_qalora", List.of("false")),
          Map.entry("use_bdlora", List.of()),
          Map.entry("arrow_config", List.of()),
          Map.entry("alora_invocation_tokens", List.of()),
          Map.entry("rank_pattern", List.of("{}")),
          Map.entry("alpha_pattern", List.of("{}")),
          Map.entry("layer_replication", List.of("[]")),
          Map.entry("modules_to_save", List.of("[]")),
          Map.entry("target_parameters", List.of("[]")),
          Map.entry("trainable_token_indices", List.of("[]")));

  private final Path file;
  private final ObjectNode json;

  PeftConfig(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
    NEUTRAL.forEach(this::requireNeutral);
    for (String number : List.of(RANK, ALPHA)) {
      if (!json.path(number).isNumber()) {
        throw new IllegalArgumentException(
            "%s: %s is %s, it must be a number".formatted(file, number, json.path(number)));
      }
    }
  }

  private void requireNeutral(String key, List<String> neutral) {
    JsonNode value = json.path(key);
    String text = value.isTextual() ? value.asText() : value.toString();
    if (!value.isMissingNode() && !value.isNull() && !neutral.contains(text)) {
      throw new IllegalArgumentException(
          "%s: %s is %s, only %s is supported; use such an adapter"
              .formatted(
                  file, key, value, neutral.isEmpty() ? "one without it" : neutral.getFirst()));
    }
  }

  /// Where the base is: relative to the folder, or to where the program runs.
  Path base() {
    return Path.of(json.path(BASE).asText());
  }

  /// What our config.json says of the adapter.
  ///
  /// @param targets the linear layers that tensors are of, whatever pattern names them
  ObjectNode adapter(Collection<String> targets) {
    ObjectNode adapter = JsonNodeFactory.instance.objectNode();
    adapter.set(RANK, json.get(RANK));
    adapter.set(ALPHA, json.get(ALPHA));
    adapter.put(ROOT, json.path(ROOT).asBoolean());
    adapter.set(TARGETS, array(targets));
    return adapter;
  }

  /// What PEFT reads.
  ///
  /// @param adapter as our config.json has it
  /// @param base name or path of the model that it belongs to
  static ObjectNode of(JsonNode adapter, String base) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("peft_type", "LORA");
    json.put("task_type", "CAUSAL_LM");
    json.put(BASE, base);
    json.set(RANK, adapter.get(RANK));
    json.set(ALPHA, adapter.get(ALPHA));
    json.put(ROOT, adapter.path(ROOT).asBoolean());
    json.set(TARGETS, adapter.get(TARGETS));
    json.put("lora_dropout", 0.0);
    json.put("bias", "none");
    json.put("fan_in_fan_out", false);
    json.put("use_dora", false);
    json.put("inference_mode", true);
    return json;
  }

  private static JsonNode array(Collection<String> texts) {
    var array = JsonNodeFactory.instance.arrayNode();
    new TreeSet<>(texts).forEach(array::add);
    return array;
  }
}
