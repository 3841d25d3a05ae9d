package dev.irpo.checkpoints;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.stored.StoredTensor;
import java.util.Optional;
import java.util.SequencedMap;

/// What every format has: the content of config.json and the tensors by name; GGUF may have a
/// tokenizer too.
record ModelParts(
    ObjectNode config,
    SequencedMap<String, StoredTensor> tensors,
    Optional<GgufVocabulary> vocabulary) {

  ModelParts(ObjectNode config, SequencedMap<String, StoredTensor> tensors) {
    this(config, tensors, Optional.empty());
  }
}
