package dev.irpo.export;

import dev.irpo.checkpoints.model.StoredModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What else lies in a Hugging Face folder: the card, the licence, chat templates, vocabularies in
/// other forms. A converted folder or a run's model is another model, so the card of its base is
/// not its own.
final class SourceFiles {
  private static final Pattern TEXT =
      Pattern.compile(
          "(?i).*\\.(json|jinja|md|txt|model)|(LICEN[CS]E|NOTICE|USE_POLICY|COPYING)[^.]*");

  /// Written anew, or belonging to the tokenizer, which may be another one.
  private static final Pattern OTHER =
      Pattern.compile(
          "(?i)config\\.json|.*\\.index\\.json|(tokenizer|special_tokens|added_tokens|chat_template).*");

  private static final long MAX_BYTES = 64L << 20;

  private SourceFiles() {}

  /// Contents by name, none of a model in another format.
  ///
  /// @throws IllegalArgumentException if such a file is too large to be one
  static SequencedMap<String, byte[]> of(StoredModel model) throws IOException {
    SequencedMap<String, byte[]> files = new TreeMap<>();
    if (!model.format().name().equals("HUGGING_FACE")) {
      return files;
    }
    List<Path> paths;
    try (Stream<Path> all = Files.list(model.path())) {
      paths = all.filter(Files::isRegularFile).toList();
    }
    for (Path path : paths) {
      String name = path.getFileName().toString();
      if (!TEXT.matcher(name).matches() || OTHER.matcher(name).matches()) {
        continue;
      }
      if (Files.size(path) > MAX_BYTES) {
        throw new IllegalArgumentException(
            "%s: has %d bytes, at most %d are carried along; move it away"
                .formatted(path, Files.size(path), MAX_BYTES));
      }
      files.put(name, Files.readAllBytes(path));
    }
    return files;
  }
}
