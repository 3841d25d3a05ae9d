package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.Checksums;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a conversion is made from, so that an interrupted one resumes with the same and nothing
/// else.
///
/// ```text
/// {"writer":    {"options": …},
///  "source":    {"model.safetensors": {"bytes": …, "modified": "2026-…"}, …},
///  "tokenizer": {"tokenizer.model": SHA-256, …}}
/// ```
///
/// Weights are known by size and time of change, because reading them would take as long as
/// converting them.
public final class SourceIdentity {
  private static final Pattern MODEL_FILE =
      Pattern.compile(".*\\.(json|safetensors|pth|arrow)", Pattern.CASE_INSENSITIVE);

  private SourceIdentity() {}

  /// @param options all that decides about the bytes beside the source
  public static ObjectNode of(StoredModel model, TokenizerFiles tokenizer, String options)
      throws IOException {
    ObjectNode identity = JsonNodeFactory.instance.objectNode();
    identity.putObject("writer").put("options", options);
    ObjectNode source = identity.putObject("source");
    for (Path file : files(model.path())) {
      source
          .putObject(file.getFileName().toString())
          .put("bytes", Files.size(file))
          .put("modified", Files.getLastModifiedTime(file).toString());
    }
    ObjectNode contents = identity.putObject("tokenizer");
    tokenizer
        .contents()
        .forEach(
            (name, bytes) -> contents.put(name, Checksums.sha256(MemorySegment.ofArray(bytes))));
    return identity;
  }

  private static List<Path> files(Path model) throws IOException {
    if (!Files.isDirectory(model)) {
      return List.of(model);
    }
    try (Stream<Path> files = Files.list(model)) {
      return files
          .filter(file -> MODEL_FILE.matcher(file.getFileName().toString()).matches())
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    }
  }
}
