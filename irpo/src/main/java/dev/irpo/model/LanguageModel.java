package dev.irpo.model;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.TensorParallel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Weights on a backend with the tokenizer that belongs to them.
///
/// @param config sizes of the whole model
/// @param huggingFaceConfig content of config.json, kept as it was read
/// @param optionalText how texts become ids; empty where no tokenizer lay beside the weights
/// @param tokenizerFiles what it was read from, to be written beside the weights again
public record LanguageModel(
    LlamaConfig config,
    ObjectNode huggingFaceConfig,
    Parameters parameters,
    Optional<TextRules> optionalText,
    TokenizerFiles tokenizerFiles) {
  private static final System.Logger LOG = System.getLogger(LanguageModel.class.getName());
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// A model with a SentencePiece tokenizer, or none.
  public LanguageModel(
      LlamaConfig config,
      ObjectNode huggingFaceConfig,
      Parameters parameters,
      Optional<SentencePieceTokenizer> tokenizer) {
    this(
        config,
        huggingFaceConfig,
        parameters,
        tokenizer.map(given ->
            TextRules.of(TokenizerFolder.of(given), config, TokenizerFiles.SENTENCE_PIECE)),
        tokenizer
            .map(given -> TokenizerFiles.sentencePiece(given.toBytes()))
            .orElseGet(TokenizerFiles::none));
  }

  /// Loads a model in any format that [StoredModel] opens.
  ///
  /// @param tokenizer a `tokenizer.model` or `tokenizer.json` instead of the one beside the weights
  /// @throws IOException if a file is missing or cannot be read
  /// @throws IllegalArgumentException if files are damaged or contradict each other
  public static LanguageModel open(Backend backend, Path path, Optional<Path> tokenizer)
      throws IOException {
    return open(backend, path, tokenizer, TensorParallel.alone());
  }

  /// Loads what one of the processes that hold a model together has of it.
  ///
  /// @throws IOException as above
  /// @throws IllegalArgumentException as above, or if their number does not divide the model
  public static LanguageModel open(
      Backend backend, Path path, Optional<Path> tokenizer, TensorParallel parallel)
      throws IOException {
    try (StoredModel stored = ModelFiles.open(path, tokenizer)) {
      return load(backend, stored, parallel);
    }
  }

  /// The same of an opened model, which may be closed afterwards.
  ///
  /// @throws IOException as above
  /// @throws IllegalArgumentException as above, or if their number does not divide the model
  public static LanguageModel load(Backend backend, StoredModel stored, TensorParallel parallel)
      throws IOException {
    LlamaConfig config = configOf(stored);
    String name = stored.path().toString();
    Collection<StoredTensor> tensors = stored.tensors().values();
    return of(stored, Parameters.load(backend, config, name, tensors, parallel));
  }

  /// Opens the same for sampling and scoring alone: the weights are read from their memory maps,
  /// which stay as long as the process, so that a model opens at once and takes no memory that the
  /// page cache could not give back.
  ///
  /// @throws IOException as [#open]
  /// @throws IllegalArgumentException as [#open]
  public static LanguageModel map(Backend backend, Path path, Optional<Path> tokenizer)
      throws IOException {
    @SuppressWarnings("MustBeClosed") // the weights are its memory maps
    StoredModel stored = ModelFiles.open(path, tokenizer);
    return map(backend, stored, TensorParallel.alone());
  }

  /// What one of the processes that hold a model together has of an opened one, which must not be
  /// closed.
  ///
  /// @throws IOException as [#open]
  /// @throws IllegalArgumentException as [#open], or if their number does not divide the model
  public static LanguageModel map(Backend backend, StoredModel stored, TensorParallel parallel)
      throws IOException {
    LlamaConfig config = configOf(stored);
    String name = stored.path().toString();
    Collection<StoredTensor> tensors = stored.tensors().values();
    return of(stored, Parameters.map(backend, config, name, tensors, Arena.ofAuto(), parallel));
  }

  /// The same for training, see [Parameters#map].
  ///
  /// @param changing names of the weights that will change
  /// @param type of these and of activations
  /// @throws IOException as [#open]
  /// @throws IllegalArgumentException as [#open], or if their number does not divide the model
  public static LanguageModel map(
      Backend backend,
      StoredModel stored,
      TensorParallel parallel,
      Set<String> changing,
      DType type)
      throws IOException {
    LlamaConfig config = configOf(stored);
    String name = stored.path().toString();
    Collection<StoredTensor> tensors = stored.tensors().values();
    Arena arena = Arena.ofAuto();
    return of(
        stored, Parameters.map(backend, config, name, tensors, arena, parallel, changing, type));
  }

  private static LanguageModel of(StoredModel stored, Parameters parameters) throws IOException {
    warn(stored);
    TokenizerFiles files = stored.tokenizerFiles();
    LlamaConfig config = configOf(stored);
    return new LanguageModel(
        config, stored.config(), parameters, TextRules.of(files, config), files);
  }

  /// Checks that configuration, tensors and tokenizer of a stored model belong together.
  ///
  /// @throws IllegalArgumentException naming what contradicts what
  public static void check(StoredModel stored) throws IOException {
    LlamaConfig config = checkWeights(stored);
    var _ = TextRules.of(stored.tokenizerFiles(), config);
  }

  /// Checks that configuration and tensors belong together, for callers that read the tokenizer
  /// themselves.
  ///
  /// @return the sizes
  /// @throws IllegalArgumentException naming what contradicts what
  public static LlamaConfig checkWeights(StoredModel stored) {
    warn(stored);
    LlamaConfig config = configOf(stored);
    Parameters.check(config, stored.path().toString(), stored.tensors().values());
    return config;
  }

  /// The type that a stored model has its matrices in, where all are alike.
  public static DType matrixType(StoredModel stored) {
    return stored.tensors().values().stream()
        .filter(tensor -> tensor.shape().rank() == 2)
        .findFirst()
        .map(tensor -> tensor.quantised().orElse(tensor).dtype())
        .orElse(DType.F32);
  }

  private static void warn(StoredModel stored) {
    stored.warning().ifPresent(warning -> LOG.log(System.Logger.Level.WARNING, warning));
  }

  /// The sizes of a stored model.
  ///
  /// @throws IllegalArgumentException in one line if it is no Llama
  public static LlamaConfig configOf(StoredModel stored) {
    Map<String, Object> values =
        MAPPER.convertValue(stored.config(), new TypeReference<Map<String, Object>>() {});
    try {
      return LlamaConfig.of(values);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(stored.path() + ": " + e.getMessage(), e);
    }
  }

  /// Writes the model in single precision as a folder that appears when all of it is there.
  public void save(Path target) throws IOException {
    save(target, storedTensors());
  }

  /// The same with these weights instead.
  public void save(Path target, List<StoredTensor> weights) throws IOException {
    List<StoredTensor> single =
        weights.stream().map(tensor -> ConvertedContent.of(tensor, DType.F32)).toList();
    ArrowModelWriter.keepingTypes().write(target, huggingFaceConfig, single, tokenizerFiles);
  }

  /// Writes a stored model in single precision as a folder that appears when all of it is there, as
  /// [#save] does.
  public static void copy(StoredModel source, Path target) throws IOException {
    List<StoredTensor> single =
        source.tensors().values().stream()
            .map(tensor -> ConvertedContent.of(tensor, DType.F32))
            .toList();
    ArrowModelWriter.keepingTypes().write(target, source.config(), single, source.tokenizerFiles());
  }

  /// The weights by name, for writers; what this process has of them.
  public List<StoredTensor> storedTensors() {
    return parameters.config().parameterShapes().entrySet().stream()
        .map(entry -> {
          Buffer values = parameters.buffers().get(entry.getKey());
          return StoredTensor.of(entry.getKey(), entry.getValue(), values);
        })
        .toList();
  }

  /// Overwrites the weights that may change, where they are, with those of a stored model of the
  /// same sizes.
  ///
  /// @param seen files whose checksums need not be computed again
  /// @throws IllegalArgumentException if a file is not what its checksum says
  public void replaceWeights(StoredModel stored, SeenChecksums seen) throws IOException {
    stored.verifyChecksums(seen);
    parameters.overwrite(stored.path().toString(), stored.tensors().values());
  }

  /// How texts become ids and ids texts.
  ///
  /// @throws IllegalArgumentException if no tokenizer came with the model
  public TextRules text() {
    return optionalText.orElseThrow(() ->
        new IllegalArgumentException(
            "--model: there is no tokenizer beside the weights; name one with --tokenizer, or"
                + " give token ids"));
  }

  /// Tokens that end a response.
  public List<Integer> stopIds() {
    return optionalText.map(TextRules::stopIds).orElse(config.eosIds());
  }

  /// Tokens that can be drawn: those below this id.
  public int drawable() {
    return Math.min(
        config.vocabSize(), optionalText.map(TextRules::drawable).orElse(config.vocabSize()));
  }
}
