package dev.irpo.checkpoints;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.StoredTensor;
import java.util.SequencedMap;

/// What every format has: the content of config.json and the tensors by name.
record ModelParts(ObjectNode config, SequencedMap<String, StoredTensor> tensors) {}
