package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes a SentencePiece model as the `tokenizer.json` that Llama 2 is published with: merges as
/// `generate_merges` of Hugging Face's converter orders them, by score, then the longer left part.
final class Llama2TokenizerJson {
  private static final String LAYOUT =
      """
      {"added_tokens": [
         {"id": 0, "content": "<unk>", "special": true, "normalized": false},
         {"id": 1, "content": "<s>", "special": true, "normalized": false},
         {"id": 2, "content": "</s>", "special": true, "normalized": false}],
       "normalizer": {"type": "Sequence", "normalizers": [
         {"type": "Prepend", "prepend": "▁"},
         {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
       "pre_tokenizer": null,
       "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
       "decoder": {"type": "Sequence", "decoders": [
         {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
         {"type": "ByteFallback"}, {"type": "Fuse"},
         {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
       "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true}}
      """;

  private record Merge(String left, String right, float score) {}

  private Llama2TokenizerJson() {}

  static byte[] of(SentencePieceTokenizer model) throws IOException {
    var json = new ObjectMapper();
    var root = (ObjectNode) json.readTree(LAYOUT);
    Map<String, Integer> ids = new HashMap<>();
    ObjectNode vocabulary = ((ObjectNode) root.get("model")).putObject("vocab");
    for (int id = 0; id < model.vocabSize(); id++) {
      ids.put(model.piece(id), id);
      vocabulary.put(model.piece(id), id);
    }
    List<Merge> merges = new ArrayList<>();
    for (int id = 0; id < model.vocabSize(); id++) {
      String piece = model.piece(id);
      for (int at = 1; at < piece.length(); at++) {
        if (ids.containsKey(piece.substring(0, at)) && ids.containsKey(piece.substring(at))) {
          merges.add(
              new Merge(piece.substring(0, at), piece.substring(at), model.pieceOf(id).score()));
        }
      }
    }
    merges.sort(
        Comparator.comparingDouble(Merge::score)
            .thenComparingInt(merge -> merge.left().length())
            .thenComparingInt(merge -> merge.right().length())
            .reversed());
    ArrayNode pairs = ((ObjectNode) root.get("model")).putArray("merges");
    merges.forEach(merge -> pairs.add(merge.left() + " " + merge.right()));
    return json.writeValueAsBytes(root);
  }
}
