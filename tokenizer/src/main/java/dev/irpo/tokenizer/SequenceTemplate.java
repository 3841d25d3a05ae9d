package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// The post-processor of a `tokenizer.json` that puts special tokens around each sequence.
///
/// @param tokens text by id
/// @param bosId before a sequence, or -1 for none
/// @param eosId after it, or -1 for none
record SequenceTemplate(List<String> tokens, int bosId, int eosId) {
  /// The `TemplateProcessing`, or null where nothing is put around a sequence.
  ObjectNode toJson() {
    if (bosId < 0 && eosId < 0) {
      return null;
    }
    ObjectNode template = JsonNodeFactory.instance.objectNode();
    template.put("type", "TemplateProcessing");
    addSequence(template.putArray("single"), "A");
    ArrayNode pair = template.putArray("pair");
    addSequence(pair, "A");
    addSequence(pair, "B");
    ObjectNode named = template.putObject("special_tokens");
    addNamed(named, bosId);
    addNamed(named, eosId);
    return template;
  }

  private void addSequence(ArrayNode parts, String sequence) {
    addSpecial(parts, bosId);
    parts.addObject().putObject("Sequence").put("id", sequence).put("type_id", 0);
    addSpecial(parts, eosId);
  }

  private void addSpecial(ArrayNode parts, int id) {
    if (id >= 0) {
      parts.addObject().putObject("SpecialToken").put("id", tokens.get(id)).put("type_id", 0);
    }
  }

  private void addNamed(ObjectNode named, int id) {
    if (id >= 0) {
      ObjectNode token = named.putObject(tokens.get(id)).put("id", tokens.get(id));
      token.putArray("ids").add(id);
      token.putArray("tokens").add(tokens.get(id));
    }
  }
}
