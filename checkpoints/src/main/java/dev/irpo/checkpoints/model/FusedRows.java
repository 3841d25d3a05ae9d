package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Linear layers that the files of some families hold as one, its rows end to end:
///
/// ```text
/// self_attn.qkv_proj (H·D + 2·G·D, C) = q_proj (H·D, C) │ k_proj (G·D, C) │ v_proj (G·D, C)
/// mlp.gate_up_proj (2·F, C)           = gate_proj (F, C) │ up_proj (F, C)
/// ```
///
/// They are cut where a file is read, without a copy where it lies in memory, and joined where one
/// is written in such a family's own names; nothing between knows of it. Source: `modeling_phi3.py`
/// of transformers 5.18.
public final class FusedRows {
  /// Values of `model_type`.
  private static final Set<String> FAMILIES = Set.of("phi3");

  private static final String QKV = "self_attn.qkv_proj";

  private static final Map<String, List<String>> PARTS =
      Map.of(
          QKV,
          List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
          "mlp.gate_up_proj",
          List.of("mlp.gate_proj", "mlp.up_proj"));

  private static final Pattern NAME =
      Pattern.compile("(.*\\.|)((?:self_attn|mlp)\\.[a-z_]+)(\\.(?:lora_[AB]\\.)?weight)");

  /// The factor of a low-rank adapter that has the columns of its linear layer, not its rows.
  private static final String COLUMNS = ".lora_A.weight";

  private FusedRows() {}

  /// Whether the files of a model have such layers.
  ///
  /// @param config content of its config.json
  public static boolean isIn(JsonNode config) {
    return FAMILIES.contains(config.path("model_type").asText());
  }

  /// Whether a linear layer is a part of another in the files of these families.
  ///
  /// @param linear last part of its name, for instance `q_proj`
  public static boolean isPart(String linear) {
    return PARTS.values().stream()
        .flatMap(List::stream)
        .anyMatch(part -> part.endsWith("." + linear));
  }

  /// The tensors of a model with its parts by themselves, in the order of the files; of a low-rank
  /// adapter each part has the same first factor.
  ///
  /// @param config content of config.json
  /// @throws IllegalArgumentException naming a tensor whose rows are not such
  public static SequencedMap<String, StoredTensor> cut(
      JsonNode config, SequencedMap<String, StoredTensor> tensors) {
    if (!isIn(config)) {
      return tensors;
    }
    SequencedMap<String, StoredTensor> cut = new LinkedHashMap<>();
    for (StoredTensor tensor : tensors.values()) {
      Matcher name = NAME.matcher(tensor.name());
      boolean isWhole =
          name.matches() && PARTS.containsKey(name.group(2)) && tensor.shape().rank() == 2;
      if (isWhole) {
        cut(config, tensor, name, cut);
      } else {
        cut.put(tensor.name(), tensor);
      }
    }
    return cut;
  }

  private static void cut(
      JsonNode config, StoredTensor tensor, Matcher name, Map<String, StoredTensor> cut) {
    boolean isColumns = name.group(3).equals(COLUMNS);
    List<String> parts = PARTS.get(name.group(2));
    long[] rows = isColumns ? new long[parts.size()] : rows(config, tensor, name.group(2));
    long first = 0;
    for (int i = 0; i < rows.length; i++) {
      String own = name.group(1) + parts.get(i) + name.group(3);
      StoredTensor part = isColumns ? tensor : tensor.rows(first, rows[i]);
      cut.put(own, new StoredTensor(own, part.dtype(), part.shape(), part.content()));
      first += rows[i];
    }
  }

  /// Rows of each part.
  private static long[] rows(JsonNode config, StoredTensor tensor, String linear) {
    long heads = config.path("num_attention_heads").asLong();
    long keyHeads = config.path("num_key_value_heads").asLong(heads);
    long[] shares = linear.equals(QKV) ? new long[] {heads, keyHeads, keyHeads} : new long[] {1, 1};
    long sum = Arrays.stream(shares).sum();
    long all = tensor.shape().size(0);
    boolean isPossible = heads > 0 && heads <= all && keyHeads > 0 && keyHeads <= all;
    if (!isPossible || all % sum != 0) {
      throw new IllegalArgumentException(
          "tensor '%s' has %d rows, which config.json's %d heads and %d of keys do not divide into %s; take the config.json that belongs to the weights"
              .formatted(tensor.name(), all, heads, keyHeads, PARTS.get(linear)));
    }
    return Arrays.stream(shares).map(share -> all / sum * share).toArray();
  }

  /// The tensors of a model as the files of its family hold them.
  ///
  /// @param config content of config.json
  /// @throws IllegalArgumentException naming parts that cannot be joined
  public static List<StoredTensor> joined(JsonNode config, Collection<StoredTensor> tensors) {
    return isIn(config) ? joined(tensors) : List.copyOf(tensors);
  }

  /// Tensors of a model of such a family as its files hold them.
  ///
  /// @throws IllegalArgumentException naming parts that cannot be joined
  public static List<StoredTensor> joined(Collection<StoredTensor> tensors) {
    SequencedMap<String, StoredTensor> byName = new LinkedHashMap<>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    List<StoredTensor> joined = new ArrayList<>();
    for (StoredTensor tensor : tensors) {
      Matcher name = NAME.matcher(tensor.name());
      Optional<Map.Entry<String, List<String>>> whole =
          name.matches() && tensor.shape().rank() == 2 ? wholeOf(name.group(2)) : Optional.empty();
      if (whole.isEmpty()) {
        joined.add(tensor);
      } else if (whole.get().getValue().getFirst().equals(name.group(2))) {
        List<StoredTensor> parts =
            whole.get().getValue().stream()
                .map(part -> part(byName, name.group(1) + part + name.group(3)))
                .toList();
        joined.add(join(name.group(1) + whole.get().getKey() + name.group(3), parts));
      }
    }
    return joined;
  }

  private static Optional<Map.Entry<String, List<String>>> wholeOf(String part) {
    return PARTS.entrySet().stream().filter(entry -> entry.getValue().contains(part)).findFirst();
  }

  private static StoredTensor part(Map<String, StoredTensor> tensors, String name) {
    StoredTensor part = tensors.get(name);
    if (part == null || part.shape().rank() != 2) {
      throw new IllegalArgumentException(
          "has no matrix '%s', without which its layer cannot be written".formatted(name));
    }
    return part;
  }

  private static StoredTensor join(String name, List<StoredTensor> parts) {
    StoredTensor first = parts.getFirst();
    long rows = 0;
    for (StoredTensor part : parts) {
      if (part.dtype() != first.dtype() || part.shape().size(1) != first.shape().size(1)) {
        throw new IllegalArgumentException(
            "tensor '%s' is %s of %s, '%s' %s of %s, and '%s' has rows of both; give --dtype"
                .formatted(
                    first.name(),
                    first.shape(),
                    first.dtype(),
                    part.name(),
                    part.shape(),
                    part.dtype(),
                    name));
      }
      rows += part.shape().size(0);
    }
    return new StoredTensor(
        name,
        first.dtype(),
        Shape.of(rows, first.shape().size(1)),
        new ConcatenatedContent(parts.stream().map(StoredTensor::content).toList()));
  }
}
