package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/// What `tokenizer_config.json` says of the spaces of a text, by `tokenizer_class`, `legacy` and
/// `add_prefix_space`.
///
/// ```text
/// tokenizer_class     legacy        add_prefix_space     ▁ is put before
/// LlamaTokenizer      not true      not false            the start of a text
/// LlamaTokenizer      true          not false            that, and text after each added token
/// CodeLlamaTokenizer  any           not false            the start of a text
/// either              any           false                nothing
/// ```
///
/// unless a space or ▁ stands there already. These classes take tokens and merges alone from a
/// `tokenizer.json` and put its steps together anew; with any other class its own steps count. A
/// `tokenizer.model` with no such class beside it does what it says itself, and `legacy` and
/// `add_prefix_space` count as above.
///
/// Source: transformers 5.18, `models/llama/tokenization_llama.py` and
/// `models/code_llama/tokenization_code_llama.py`.
///
/// @param ofClass whether the class is one of these
/// @param addsPrefix whether a text gets a ▁ in front
/// @param afterAdded whether text after an added token gets it too
record LlamaSpaces(boolean ofClass, boolean addsPrefix, boolean afterAdded) {
  private static final String SPACE = String.valueOf(TextNormalizer.ESCAPED_SPACE);
  private static final String CODE_LLAMA = "CodeLlamaTokenizer";
  private static final Set<String> CLASSES = Set.of("LlamaTokenizer", CODE_LLAMA);

  /// @param tokenizerClass empty where none is named
  static LlamaSpaces of(String tokenizerClass, boolean addsPrefix, boolean isLegacy) {
    String name =
        tokenizerClass.endsWith("Fast")
            ? tokenizerClass.substring(0, tokenizerClass.length() - 4)
            : tokenizerClass;
    return new LlamaSpaces(
        CLASSES.contains(name), addsPrefix, isLegacy && !name.equals(CODE_LLAMA));
  }

  /// What is done with the spaces of a `tokenizer.model`, by what it says itself.
  SpaceRules rules(TextNormalizer stated) {
    return ofClass
        ? new SpaceRules(
            new TextNormalizer(addsPrefix, false, stated.escapeWhitespaces()), true, afterAdded)
        : SpaceRules.keepingAll(stated, addsPrefix, afterAdded);
  }

  /// A `tokenizer.json` with the steps of the class, if it is one of these; a byte-level one, in
  /// which no token is ▁, keeps its own.
  JsonNode steps(JsonNode json) {
    if (!ofClass || !json.path("model").path("vocab").has(SPACE)) {
      return json;
    }
    ObjectNode changed = copy(json);
    changed.putNull("normalizer");
    putMetaspace(changed.putObject("pre_tokenizer"));
    putDecoder(changed.putObject("decoder").put("type", "Sequence").putArray("decoders"));
    changed.set("model", copy(json.get("model")).put("fuse_unk", true).put("ignore_merges", false));
    return changed;
  }

  /// A copy whose children are shared.
  private static ObjectNode copy(JsonNode object) {
    ObjectNode copy = JsonNodeFactory.instance.objectNode();
    object.properties().forEach(entry -> copy.set(entry.getKey(), entry.getValue()));
    return copy;
  }

  private void putMetaspace(ObjectNode step) {
    String scheme = afterAdded ? "always" : "first";
    step.put("type", "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", addsPrefix ? scheme : "never")
        .put("split", false);
  }

  private void putDecoder(ArrayNode steps) {
    ObjectNode replace = steps.addObject().put("type", "Replace");
    replace.putObject("pattern").put("String", SPACE);
    replace.put("content", " ");
    steps.addObject().put("type", "ByteFallback");
    steps.addObject().put("type", "Fuse");
    if (addsPrefix) {
      steps.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
  }
}
