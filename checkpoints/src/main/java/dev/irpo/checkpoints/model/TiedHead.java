package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.stored.StoredTensor;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SequencedMap;

/// A configuration that says that the head is the embedding, and weights that say it is not:
/// programs that train or merge models write such files, and the head in them is what was trained.
final class TiedHead {
  private static final String FLAG = "tie_word_embeddings";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private TiedHead() {}

  /// What is to be said of a flag that the tensors contradict.
  static Optional<String> warning(Path path, ModelParts parts) {
    boolean isWrong = parts.config().path(FLAG).booleanValue() && hasOtherHead(parts.tensors());
    return isWrong
        ? Optional.of(
            "%s: %s is true, but %s has other values than %s; the head in the file is used"
                .formatted(path, FLAG, HEAD, EMBEDDING))
        : Optional.empty();
  }

  /// The parts with the flag that such tensors imply.
  static ModelParts untied(ModelParts parts) {
    ObjectNode config = parts.config().deepCopy().put(FLAG, false);
    return new ModelParts(config, parts.tensors(), parts.tokenizer());
  }

  private static boolean hasOtherHead(SequencedMap<String, StoredTensor> tensors) {
    StoredTensor head = tensors.get(HEAD);
    StoredTensor embedding = tensors.get(EMBEDDING);
    return head != null && embedding != null && !head.hasElementsOf(embedding);
  }
}
