package dev.irpo.checkpoints;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/// A model as it lies on disk: configuration, named tensors, tokenizer file, whatever the format.
///
/// The tensors are read-only memory maps wherever the format permits, valid until [#close].
public final class StoredModel implements AutoCloseable {
  static final String CONFIG = "config.json";
  private static final String GENERATION_CONFIG = "generation_config.json";
  private static final String EOS = "eos_token_id";
  static final String WEIGHTS_INDEX = "weights.index.json";
  static final String SAFETENSORS = "model.safetensors";
  static final String SAFETENSORS_INDEX = "model.safetensors.index.json";

  private final Path path;
  private final Format format;
  private final ModelParts parts;
  private final Optional<Path> tokenizer;
  private final Optional<InnerTokenizer> inner;
  private final Arena arena;

  /// How a model is stored.
  public enum Format {
    /// A converted folder, which [ModelWriter] wrote.
    ARROW,
    /// A folder with `config.json` and safetensors files.
    HUGGING_FACE,
    /// A folder with Meta's `params.json` and `consolidated.NN.pth` files.
    META,
    /// A llama2.c `.bin` file.
    LLAMA2C,
    /// A GGUF file with a Llama.
    GGUF
  }

  /// The files of the tokenizer inside, made when they are first needed.
  private static final class InnerTokenizer {
    private final GgufVocabulary vocabulary;
    private final Function<GgufVocabulary, TokenizerFiles> converter;
    private TokenizerFiles files;

    InnerTokenizer(GgufVocabulary vocabulary, Function<GgufVocabulary, TokenizerFiles> converter) {
      this.vocabulary = vocabulary;
      this.converter = converter;
    }

    TokenizerFiles files() {
      if (files == null) {
        files = converter.apply(vocabulary);
      }
      return files;
    }
  }

  private StoredModel(
      Path path,
      Format format,
      ModelParts parts,
      Optional<Path> tokenizer,
      Optional<InnerTokenizer> inner,
      Arena arena) {
    this.path = path;
    this.format = format;
    this.parts = parts;
    this.tokenizer = tokenizer;
    this.inner = inner;
    this.arena = arena;
  }

  /// Opens a model whose tokenizer lies beside it or is given.
  ///
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel open(Path path, Optional<Path> tokenizer) throws IOException {
    return open(path, tokenizer, Optional.empty());
  }

  /// Opens a converted folder, a Hugging Face folder, one of Meta's, a llama2.c `.bin` or a GGUF
  /// file.
  ///
  /// Sizes and offsets are all checked here, checksums are not ([Manifest#verifyChecksums]).
  ///
  /// @param tokenizer a `tokenizer.model` or `tokenizer.json` to use instead of the one inside the
  ///   file or beside the weights
  /// @param converter turns the tokenizer inside a GGUF file into files, which this module cannot;
  ///   without it that tokenizer is passed over
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel open(
      Path path,
      Optional<Path> tokenizer,
      Optional<Function<GgufVocabulary, TokenizerFiles>> converter)
      throws IOException {
    if (tokenizer.isPresent()) {
      MappedFiles.requireFile(tokenizer.get());
    }
    Format format = formatOf(path);
    @SuppressWarnings("MustBeClosed") // closed by close(), and below when opening fails
    Arena arena = Arena.ofShared();
    try {
      ModelParts parts =
          switch (format) {
            case ARROW -> readArrow(path, arena);
            case HUGGING_FACE -> readHuggingFace(path, arena);
            case META -> MetaFolder.read(path, arena);
            case LLAMA2C -> Llama2cFile.read(path, arena);
            case GGUF -> GgufModel.read(path, arena);
          };
      Optional<InnerTokenizer> inner =
          converter.flatMap(
              with -> parts.vocabulary().map(vocabulary -> new InnerTokenizer(vocabulary, with)));
      return new StoredModel(path, format, parts, tokenizer, inner, arena);
    } catch (IllegalArgumentException e) {
      arena.close();
      throw new IllegalArgumentException(JsonFiles.oneLine(e.getMessage()), e);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// Opens a model with the tokenizer that lies beside it.
  public static StoredModel open(Path path) throws IOException {
    return open(path, Optional.empty());
  }

  /// Where it was opened.
  public Path path() {
    return path;
  }

  /// How it is stored.
  public Format format() {
    return format;
  }

  /// A copy of the content of Hugging Face's config.json; for a `.bin` or GGUF file what its header
  /// says, for Meta's format what `params.json` and the tensors say.
  public ObjectNode config() {
    return parts.config().deepCopy();
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
    return tokenizer.isEmpty() && inner.isPresent();
  }

  /// The tokenizer's file: the one given on opening, else none where the tokenizer is
  /// [inside][#hasTokenizerInside()], else `tokenizer.model` in the folder (for GGUF, that of the
  /// file), else `tokenizer.json` (which is a conversion of the former where both are there);
  /// beside a `.bin`, the only `*.model` file.
  public Optional<Path> tokenizerFile() throws IOException {
    if (tokenizer.isPresent() || inner.isPresent()) {
      return tokenizer;
    }
    if (format != Format.LLAMA2C) {
      return Stream.of(TokenizerFiles.SENTENCE_PIECE, TokenizerFiles.JSON)
          .map(name -> format == Format.GGUF ? path.resolveSibling(name) : path.resolve(name))
          .filter(Files::isRegularFile)
          .findFirst();
    }
    List<Path> candidates = tokenizersBeside();
    return candidates.size() == 1 ? Optional.of(candidates.getFirst()) : Optional.empty();
  }

  /// The tokenizer's content with the files that belong to it; none where there is no tokenizer.
  ///
  /// @throws IllegalArgumentException if the tokenizer inside the file is not supported
  public TokenizerFiles tokenizerFiles() throws IOException {
    if (hasTokenizerInside()) {
      return inner.get().files();
    }
    Optional<Path> file = tokenizerFile();
    return file.isPresent() ? TokenizerFiles.read(file.get()) : TokenizerFiles.none();
  }

  /// The tokenizer's file, for callers that cannot do without.
  ///
  /// @throws NoSuchFileException if there is none, or several beside a `.bin`
  public Path requireTokenizer() throws IOException {
    Optional<Path> found = tokenizerFile();
    if (found.isPresent()) {
      return found.get();
    }
    if (format == Format.GGUF) {
      throw new NoSuchFileException(
          "%s: there is no tokenizer inside it and no %s or %s beside it; copy one there or name one with --tokenizer"
              .formatted(path, TokenizerFiles.SENTENCE_PIECE, TokenizerFiles.JSON));
    }
    throw new NoSuchFileException(
        format == Format.LLAMA2C
            ? "%s: %d *.model files lie beside it, one is needed; name it with --tokenizer"
                .formatted(path, tokenizersBeside().size())
            : "%s: there is no such file and no %s; copy one there or name one with --tokenizer"
                .formatted(path.resolve(TokenizerFiles.SENTENCE_PIECE), TokenizerFiles.JSON));
  }

  /// Every tensor with its size and checksum; reads all bytes.
  public List<TensorSummary> summaries() {
    return parts.tensors().values().stream().map(TensorSummary::of).toList();
  }

  /// Unmaps the files; the tensors must not be used any more.
  @Override
  public void close() {
    arena.close();
  }

  private static Format formatOf(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      return GgufFile.matches(path) ? Format.GGUF : Format.LLAMA2C;
    }
    if (!Files.isDirectory(path)) {
      throw new NoSuchFileException(path + ": there is no such model; check the path");
    }
    if (UnfinishedFolder.matches(path)) {
      throw new NoSuchFileException(
          path + ": is not finished; run the command that was writing it again");
    }
    if (Files.exists(path.resolve(WEIGHTS_INDEX))) {
      return Format.ARROW;
    }
    if (Files.exists(path.resolve(SAFETENSORS)) || Files.exists(path.resolve(SAFETENSORS_INDEX))) {
      return Format.HUGGING_FACE;
    }
    if (MetaFolder.matches(path)) {
      return Format.META;
    }
    throw new NoSuchFileException(
        "%s: has neither %s nor %s nor %s nor Meta's %s with consolidated.00.pth; give a model's folder, a .bin or a .gguf file"
            .formatted(path, WEIGHTS_INDEX, SAFETENSORS, SAFETENSORS_INDEX, MetaParams.FILE));
  }

  private static ModelParts readArrow(Path folder, Arena arena) throws IOException {
    Manifest.read(folder).verifySizes(folder);
    return new ModelParts(
        JsonFiles.readObject(folder.resolve(CONFIG)),
        TensorFiles.readIndexed(
            folder.resolve(WEIGHTS_INDEX), file -> WeightsFile.read(file, arena)));
  }

  private static ModelParts readHuggingFace(Path folder, Arena arena) throws IOException {
    ObjectNode config = JsonFiles.readObject(folder.resolve(CONFIG));
    addGenerationEnds(config, folder.resolve(GENERATION_CONFIG));
    Path single = folder.resolve(SAFETENSORS);
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    if (Files.exists(single)) {
      for (StoredTensor tensor : SafetensorsFile.map(single, arena).tensors()) {
        tensors.put(tensor.name(), tensor);
      }
    } else {
      Path index = folder.resolve(SAFETENSORS_INDEX);
      tensors = TensorFiles.readIndexed(index, file -> SafetensorsFile.map(file, arena).tensors());
    }
    return new ModelParts(config, tensors);
  }

  /// Llama 3 names some of the tokens that end a response in `generation_config.json` alone.
  private static void addGenerationEnds(ObjectNode config, Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return;
    }
    Set<JsonNode> ends = new LinkedHashSet<>(ids(config.path(EOS)));
    if (ends.addAll(ids(JsonFiles.readObject(file).path(EOS)))) {
      config.putArray(EOS).addAll(ends);
    }
  }

  private static List<JsonNode> ids(JsonNode value) {
    List<JsonNode> ids = new ArrayList<>();
    (value.isArray() ? value : List.of(value)).forEach(ids::add);
    ids.removeIf(id -> id.isMissingNode() || id.isNull());
    return ids;
  }

  private List<Path> tokenizersBeside() throws IOException {
    try (Stream<Path> files = Files.list(path.toAbsolutePath().getParent())) {
      return files.filter(file -> file.toString().endsWith(".model")).sorted().toList();
    }
  }
}
