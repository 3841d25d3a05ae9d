package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.stored.StoredTensor;
import java.util.Optional;
import java.util.SequencedMap;

/// What a [ModelFormat] reads: the content of config.json, the tensors by name, and the tokenizer
/// inside the file where there is one.
public record ModelParts(
    ObjectNode config,
    SequencedMap<String, StoredTensor> tensors,
    Optional<EmbeddedTokenizer> tokenizer) {

  /// A model without a tokenizer inside.
  public ModelParts(ObjectNode config, SequencedMap<String, StoredTensor> tensors) {
    this(config, tensors, Optional.empty());
  }
}
