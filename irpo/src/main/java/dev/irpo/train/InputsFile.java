package dev.irpo.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.SummedText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// `inputs.json` beside a [ConfigFile]: what was read, as checksums by the options that named it.
final class InputsFile {
  private InputsFile() {}

  /// Notes the inputs of a folder, or checks that they are those it was begun with.
  ///
  /// @throws IllegalArgumentException if one is another, or the file is damaged
  static void open(Path root, SequencedMap<String, Path> inputs) throws IOException {
    SequencedMap<String, String> checksums = new LinkedHashMap<>();
    for (Map.Entry<String, Path> input : inputs.entrySet()) {
      checksums.put(input.getKey(), Checksums.ofContents(input.getValue()));
    }
    Path file = root.resolve(TrainingFolder.INPUTS);
    if (!Files.exists(file)) {
      SummedText.writeJson(file, checksums);
      return;
    }
    SequencedMap<String, String> stored = new LinkedHashMap<>();
    SummedText.readJson(file, ObjectNode.class)
        .properties()
        .forEach(input -> stored.put(input.getKey(), input.getValue().asText()));
    if (!stored.keySet().equals(checksums.keySet())) {
      throw new IllegalArgumentException(
          "%s: the training was begun with %s, not %s; use the same options, or another --out"
              .formatted(
                  file, String.join(" ", stored.keySet()), String.join(" ", checksums.keySet())));
    }
    checksums.forEach((option, checksum) -> {
      if (!checksum.equals(stored.get(option))) {
        throw new IllegalArgumentException(
            "%s %s: its contents are not those that the training in %s was begun with; use the"
                    .formatted(option, inputs.get(option), root)
                + " same, or another --out");
      }
    });
  }
}
