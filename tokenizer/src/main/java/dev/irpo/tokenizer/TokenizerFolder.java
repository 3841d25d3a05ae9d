package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;

/// A tokenizer with what it puts around a text, from all the files of a model's folder together.
///
/// ```text
/// tokens      tokenizer.json or tokenizer.model, whichever knows more of them; both the same: the
///             former, or the latter where the former is of a kind that is not read
///             and those that tokenizer_config.json, special_tokens_map.json or added_tokens.json
///             name beyond these, with the next ids
/// around a    tokenizer.json           the template of its post-processor, whatever the others say
/// text        tokenizer.model          add_bos_token, add_eos_token of tokenizer_config.json, false
///                                      where absent; without that file: BOS
/// spaces      none is dropped; where one is put say tokenizer_class, legacy and add_prefix_space
///             of tokenizer_config.json (LlamaSpaces)
/// BOS, EOS    bos_token, eos_token of special_tokens_map.json where tokenizer_config.json lists no
///             added tokens, else of the latter; absent: the template of the tokenizer.json; <s> and
///             </s>, if they are tokens, of transformers' class for Llama and of a tokenizer.model;
///             without such a file: those of the tokenizer.model
/// ```
///
/// Source: transformers 5.18, whose results are the tests' values; for a `tokenizer.model` alone,
/// Meta's `llama/tokenizer.py`.
///
/// @param before ids before a text
/// @param after ids after a text that is complete
/// @param bos token that begins a text, whether or not it is put there
/// @param eos token that ends a text, whether or not it is put there
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record TokenizerFolder(
    Tokenizer tokenizer, int[] before, int[] after, OptionalInt bos, OptionalInt eos) {
  private static final String MODEL = "tokenizer.model";
  private static final String JSON = "tokenizer.json";

  /// What transformers' class for Llama takes where no file names these tokens.
  private static final Optional<String> BOS = Optional.of("<s>");

  private static final Optional<String> EOS = Optional.of("</s>");

  /// The files by their names.
  ///
  /// @param contents `tokenizer.model`, `tokenizer.json`, `tokenizer_config.json`,
  ///   `special_tokens_map.json`, `added_tokens.json`, as far as they are there
  /// @param naming what messages call a file
  public record Files(Map<String, byte[]> contents, UnaryOperator<String> naming) {
    Optional<byte[]> content(String name) {
      return Optional.ofNullable(contents.get(name));
    }

    String source(String name) {
      return naming.apply(name);
    }
  }

  /// A SentencePiece model that nothing lies beside.
  public static TokenizerFolder of(SentencePieceTokenizer model) {
    OptionalInt bos = existing(model.bosId());
    return new TokenizerFolder(
        model, bos.stream().toArray(), new int[0], bos, existing(model.eosId()));
  }

  /// Reads the files; none where there is neither a `tokenizer.model` nor a `tokenizer.json`.
  ///
  /// @throws IllegalArgumentException in one line that begins with a file's name
  public static Optional<TokenizerFolder> read(Files files) {
    Optional<byte[]> model = files.content(MODEL);
    if (model.isEmpty() && files.content(JSON).isEmpty()) {
      return Optional.empty();
    }
    TokenizerConfig config = TokenizerConfig.read(files);
    Optional<JsonNode> json =
        files.content(JSON).map(bytes -> StrictJson.parse(bytes, files.source(JSON)));
    if (model.isEmpty()) {
      return json.map(root -> ofJson(root, config, files));
    }
    if (json.isEmpty()) {
      return model.map(bytes -> ofModel(pieces(bytes, config, files), config, files));
    }
    return Optional.of(ofBoth(model.get(), json.get(), config, files));
  }

  private static SentencePieceTokenizer pieces(byte[] model, TokenizerConfig config, Files files) {
    return SentencePieceTokenizer.parse(model, files.source(MODEL), config.spaces()::rules);
  }

  private static TokenizerFolder ofBoth(
      byte[] model, JsonNode json, TokenizerConfig config, Files files) {
    int jsonTokens = JsonTokenizerReader.countTokens(json);
    SentencePieceTokenizer pieces;
    try {
      pieces = pieces(model, config, files);
    } catch (IllegalArgumentException notRead) { // Llama 3's tokenizer.model is no SentencePiece
      return ofJson(json, config, files);
    }
    if (jsonTokens > pieces.vocabSize()) {
      return ofJson(json, config, files);
    }
    if (jsonTokens < pieces.vocabSize()) {
      return ofModel(pieces, config, files);
    }
    try {
      return ofJson(json, config, files);
    } catch (IllegalArgumentException notRead) { // the same tokens, so nothing is lost
      return ofModel(pieces, config, files);
    }
  }

  private static TokenizerFolder ofJson(JsonNode json, TokenizerConfig config, Files files) {
    LlamaSpaces spaces = config.spaces();
    JsonTokenizer tokenizer =
        JsonTokenizer.of(spaces.steps(json), files.source(JSON), config.added());
    boolean isLlama = spaces.ofClass();
    int[] before = tokenizer.before();
    int[] after = tokenizer.after();
    OptionalInt bos =
        before.length > 0 && !config.bos().isSaid()
            ? OptionalInt.of(before[0])
            : find(tokenizer, config.bos().or(isLlama ? BOS : Optional.empty()));
    OptionalInt eos =
        after.length > 0 && !config.eos().isSaid()
            ? OptionalInt.of(after[after.length - 1])
            : find(tokenizer, config.eos().or(isLlama ? EOS : Optional.empty()));
    return new TokenizerFolder(tokenizer, before, after, bos, eos);
  }

  private static TokenizerFolder ofModel(
      SentencePieceTokenizer pieces, TokenizerConfig config, Files files) {
    Tokenizer tokenizer = pieces;
    try {
      ExtendedTokenizer extended = new ExtendedTokenizer(pieces, added(pieces, config));
      tokenizer = extended.changes() ? extended : pieces;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: %s; give a tokenizer.json that has it"
              .formatted(files.source(TokenizerConfig.FILE), OneLine.of(e.getMessage())),
          e);
    }
    OptionalInt bos =
        config.bos().isSaid() || config.isThere()
            ? find(tokenizer, config.bos().or(BOS))
            : existing(pieces.bosId());
    OptionalInt eos =
        config.eos().isSaid() || config.isThere()
            ? find(tokenizer, config.eos().or(EOS))
            : existing(pieces.eosId());
    boolean addsBos = config.addsBos() || !config.isThere();
    return new TokenizerFolder(
        tokenizer,
        addsBos ? bos.stream().toArray() : new int[0],
        config.addsEos() ? eos.stream().toArray() : new int[0],
        bos,
        eos);
  }

  /// transformers' class for Llama takes user-defined pieces for added tokens.
  private static List<AddedToken> added(SentencePieceTokenizer pieces, TokenizerConfig config) {
    SequencedMap<String, AddedToken> added = new LinkedHashMap<>();
    config.added().forEach(token -> added.put(token.content(), token));
    if (config.spaces().ofClass()) {
      pieces.userDefined().forEach(token -> added.putIfAbsent(token.content(), token));
    }
    return List.copyOf(added.values());
  }

  private static OptionalInt find(Tokenizer tokenizer, Optional<String> text) {
    return text.map(tokenizer::find).orElseGet(OptionalInt::empty);
  }

  private static OptionalInt existing(int id) {
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
