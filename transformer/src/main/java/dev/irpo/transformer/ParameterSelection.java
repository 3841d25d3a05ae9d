package dev.irpo.transformer;

import dev.irpo.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Which parameters of a model are trained, as text that fits any model:
///
/// ```text
/// all                        every tensor
/// head                       the output head; of a tied model the embedding table, which is the same
/// layers:2                   every tensor of the last two layers
/// adapter                    what a low-rank adapter adds to the model ([Adapter])
/// model.norm.weight, *.mlp.* tensors by name, * for any characters
/// head, layers:2             any of these, separated by commas
/// ```
public record ParameterSelection(List<String> parts) {
  private static final String PART = "(layers:[1-9][0-9]{0,3}|[\\w.*]+)";

  /// What a selection looks like.
  public static final String PATTERN = "\\s*" + PART + "(\\s*,\\s*" + PART + ")*\\s*";

  private static final String ALL = "all";
  private static final String ADAPTER = "adapter";
  private static final String LAYERS = "layers:";

  /// Copies the list.
  public ParameterSelection {
    parts = List.copyOf(parts);
  }

  /// Every parameter.
  public static ParameterSelection all() {
    return new ParameterSelection(List.of(ALL));
  }

  /// What an adapter has.
  public static ParameterSelection adapter() {
    return new ParameterSelection(List.of(ADAPTER));
  }

  /// Reads a selection of the form [#PATTERN].
  public static ParameterSelection parse(String text) {
    return new ParameterSelection(List.of(text.strip().split("\\s*,\\s*")));
  }

  /// The selected tensors of a model, in its order.
  ///
  /// @throws IllegalArgumentException if a part selects none, with what there is
  public SequencedMap<String, Shape> of(LlamaConfig config) {
    SequencedMap<String, Shape> all = config.parameterShapes();
    Set<String> names = new TreeSet<>();
    for (String part : parts) {
      List<String> found = names(part, config);
      if (found.isEmpty()) {
        throw new IllegalArgumentException(
            "'%s' selects no parameter; there are %s"
                .formatted(part, String.join(", ", kinds(config))));
      }
      names.addAll(found);
    }
    SequencedMap<String, Shape> selected = new LinkedHashMap<>(all);
    selected.keySet().retainAll(names);
    return selected;
  }

  private static List<String> names(String part, LlamaConfig config) {
    List<String> all = List.copyOf(config.parameterShapes().keySet());
    if (part.equals(ALL)) {
      return all;
    }
    if (part.equals("head")) {
      return List.of(config.tiedHead() ? LlamaConfig.EMBEDDING : LlamaConfig.HEAD);
    }
    if (part.equals(ADAPTER)) {
      return all.stream().filter(Adapter::has).toList();
    }
    if (part.startsWith(LAYERS)) {
      return lastLayers(Integer.parseInt(part.substring(LAYERS.length())), config);
    }
    String[] literal = part.split("\\*", -1);
    List<String> quoted = new ArrayList<>();
    for (String between : literal) {
      quoted.add(Pattern.quote(between));
    }
    Pattern glob = Pattern.compile(String.join(".*", quoted));
    return all.stream().filter(name -> glob.matcher(name).matches()).toList();
  }

  private static List<String> lastLayers(int count, LlamaConfig config) {
    if (count > config.numLayers()) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    for (int layer = config.numLayers() - count; layer < config.numLayers(); layer++) {
      for (String part : config.layerShapes().keySet()) {
        names.add(LlamaConfig.layerParameter(layer, part));
      }
    }
    return names;
  }

  /// The names of a model with one line for all layers.
  private static List<String> kinds(LlamaConfig config) {
    List<String> kinds = new ArrayList<>();
    kinds.add(ALL);
    kinds.add("head");
    kinds.add("layers:1 to layers:" + config.numLayers());
    if (config.layers().adapter().isPresent()) {
      kinds.add(ADAPTER);
    }
    for (String name : config.parameterShapes().keySet()) {
      if (!name.startsWith("model.layers.")) {
        kinds.add(name);
      }
    }
    config.layerShapes().keySet().forEach(part -> kinds.add("model.layers.*." + part));
    return kinds;
  }

  /// As it is written.
  @Override
  public String toString() {
    return String.join(", ", parts);
  }
}
