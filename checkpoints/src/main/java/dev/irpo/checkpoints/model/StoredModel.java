package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/// A model as it lies on disk: configuration, named tensors, tokenizer file, whatever the format.
///
/// The tensors are read-only memory maps wherever the format permits, valid until [#close].
public final class StoredModel implements AutoCloseable {
  private final Path path;
  private final ModelFormat format;
  private final ModelParts parts;
  private final Optional<String> warning;
  private final Optional<Path> tokenizer;
  private final Optional<Embedded> embedded;
  private final Arena arena;

  /// The files of the tokenizer inside, made when they are first needed.
  private static final class Embedded {
    private final EmbeddedTokenizer tokenizer;
    private final Function<EmbeddedTokenizer, TokenizerFiles> converter;
    private TokenizerFiles files;

    Embedded(EmbeddedTokenizer tokenizer, Function<EmbeddedTokenizer, TokenizerFiles> converter) {
      this.tokenizer = tokenizer;
      this.converter = converter;
    }

    TokenizerFiles files() {
      if (files == null) {
        files = converter.apply(tokenizer);
      }
      return files;
    }
  }

  private StoredModel(
      Path path,
      ModelFormat format,
      ModelParts parts,
      Optional<String> warning,
      Optional<Path> tokenizer,
      Optional<Embedded> embedded,
      Arena arena) {
    this.path = path;
    this.format = format;
    this.parts = parts;
    this.warning = warning;
    this.tokenizer = tokenizer;
    this.embedded = embedded;
    this.arena = arena;
  }

  /// Opens a model whose format is known.
  ///
  /// @param tokenizer a `tokenizer.model` or `tokenizer.json` to use instead of the one inside the
  ///   file or beside the weights
  /// @param converter turns the tokenizer inside a model's file into files, which this module
  ///   cannot; without it that tokenizer is ignored
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel open(
      Path path,
      ModelFormat format,
      Optional<Path> tokenizer,
      Optional<Function<EmbeddedTokenizer, TokenizerFiles>> converter)
      throws IOException {
    if (tokenizer.isPresent()) {
      MappedFiles.requireFile(tokenizer.get());
    }
    @SuppressWarnings("MustBeClosed") // closed by close(), and below when opening fails
    Arena arena = Arena.ofShared();
    try {
      ModelParts read = format.read(path, arena);
      Optional<String> warning = TiedHead.warning(path, read);
      ModelParts parts = warning.isPresent() ? TiedHead.untied(read) : read;
      Optional<Embedded> embedded =
          converter.flatMap(with -> parts.tokenizer().map(inside -> new Embedded(inside, with)));
      return new StoredModel(path, format, parts, warning, tokenizer, embedded, arena);
    } catch (DamagedException e) {
      arena.close();
      throw e;
    } catch (IllegalArgumentException e) {
      arena.close();
      throw new IllegalArgumentException(JsonFiles.oneLine(e.getMessage()), e);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// The same model with another configuration and other tensors, computed from its own: closing
  /// either closes both.
  public StoredModel with(ObjectNode config, SequencedMap<String, StoredTensor> tensors) {
    ModelParts changed = new ModelParts(config, tensors, parts.tokenizer());
    return new StoredModel(path, format, changed, warning, tokenizer, embedded, arena);
  }

  /// Where it was opened.
  public Path path() {
    return path;
  }

  /// How it is stored.
  public ModelFormat format() {
    return format;
  }

  /// A copy of the content of Hugging Face's config.json; of a format that has none, what its
  /// headers and tensors say. Where tensors contradict `tie_word_embeddings`, they count.
  public ObjectNode config() {
    return parts.config().deepCopy();
  }

  /// What its user should know of a contradiction within it, in one line.
  public Optional<String> warning() {
    return warning;
  }

  /// All tensors by name, in the order of the files.
  public SequencedMap<String, StoredTensor> tensors() {
    return Collections.unmodifiableSequencedMap(parts.tensors());
  }

  /// The tensor of that name.
  ///
  /// @throws IllegalArgumentException if there is none; the message has the closest name
  public StoredTensor tensor(String name) {
    StoredTensor tensor = parts.tensors().get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "%s: has no tensor '%s' among its %d; the closest is '%s'"
              .formatted(
                  path,
                  name,
                  parts.tensors().size(),
                  NearestName.of(name, parts.tensors().keySet()).orElse("none")));
    }
    return tensor;
  }

  /// Whether the tokenizer is the one inside the model's file.
  public boolean hasTokenizerInside() {
    return tokenizer.isEmpty() && embedded.isPresent();
  }

  /// The tokenizers' files: the one given on opening, else none where the tokenizer is
  /// [inside][#hasTokenizerInside()], else those that [lie with][ModelFormat#tokenizers] the model.
  public List<Path> tokenizers() throws IOException {
    return tokenizer.isPresent() || embedded.isPresent()
        ? tokenizer.stream().toList()
        : format.tokenizers(path);
  }

  /// The tokenizer's content with the files that belong to it; none where there is no tokenizer.
  ///
  /// @throws IllegalArgumentException if the tokenizer inside the file is not supported
  public TokenizerFiles tokenizerFiles() throws IOException {
    return hasTokenizerInside()
        ? embedded.get().files().inside(path.toString())
        : TokenizerFiles.read(tokenizers());
  }

  /// The same for callers that cannot do without.
  ///
  /// @throws NoSuchFileException if there is none, or it is not clear which one it is
  /// @throws IllegalArgumentException if the tokenizer inside the file is not supported
  public TokenizerFiles requireTokenizer() throws IOException {
    TokenizerFiles files = tokenizerFiles();
    if (files.contents().isEmpty()) {
      throw new NoSuchFileException(format.missingTokenizer(path));
    }
    return files;
  }

  /// Every tensor with its size and checksum; reads all bytes.
  public List<TensorSummary> summaries() {
    return parts.tensors().values().stream().map(TensorSummary::of).toList();
  }

  /// Checks every byte against the checksums that are stored with the model, where there are any.
  ///
  /// @throws IllegalArgumentException naming the first file that differs
  public void verifyChecksums() throws IOException {
    verifyChecksums(new SeenChecksums());
  }

  /// The same, but files that were read before and have not changed since are not read again.
  ///
  /// @throws IllegalArgumentException naming the first file that differs
  public void verifyChecksums(SeenChecksums seen) throws IOException {
    format.verifyChecksums(path, seen);
  }

  /// Unmaps the files; the tensors must not be used any more.
  @Override
  public void close() {
    arena.close();
  }
}
