package dev.irpo.model;

import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tokenizer.StreamingDecoder;
import dev.irpo.tokenizer.Tokenizer;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.decode.StopCondition;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// How a model's texts become ids and its ids texts: the one place that decides it, for sampling,
/// scoring, training and a run's own prompts and solutions (`docs/texts.md`).
///
/// ```text
/// prompt      BOS, if the tokenizer puts one, and the ids of the prompt
/// response    the ids of prompt + response after those of the prompt; where the two do not meet at
///             a token's border, the ids of the response as text that follows other text
/// to learn    the same and the tokenizer's EOS, once
/// text        what the ids of prompt and response decode to, after what those of the prompt do
/// ```
///
/// Control tokens that a text spells are refused, or read where [#readingSpecials] is asked for.
public final class TextRules implements PromptRules {
  private final Tokenizer tokenizer;
  private final TokenizerFolder folder;
  private final TokenizerFiles files;
  private final OptionalInt end;
  private final List<Integer> stopIds;
  private final boolean readsSpecials;

  private TextRules(
      TokenizerFolder folder,
      TokenizerFiles files,
      OptionalInt end,
      List<Integer> stopIds,
      boolean readsSpecials) {
    this.folder = folder;
    this.files = files;
    this.tokenizer = folder.tokenizer();
    this.end = end;
    this.stopIds = List.copyOf(stopIds);
    this.readsSpecials = readsSpecials;
  }

  /// The rules of a tokenizer and of the model that it belongs to.
  ///
  /// @param name what messages call the tokenizer
  /// @throws IllegalArgumentException in one line if the two do not belong together
  public static TextRules of(TokenizerFolder folder, LlamaConfig config, String name) {
    return of(folder, TokenizerFiles.none(), config, name);
  }

  private static TextRules of(
      TokenizerFolder folder, TokenizerFiles files, LlamaConfig config, String name) {
    requireRows(folder, config.vocabSize(), name);
    OptionalInt end =
        folder.eos().isPresent() || config.eosIds().isEmpty()
            ? folder.eos()
            : OptionalInt.of(config.eosId());
    Set<Integer> stops = new LinkedHashSet<>();
    end.ifPresent(stops::add);
    stops.addAll(config.eosIds());
    return new TextRules(folder, files, end, List.copyOf(stops), false);
  }

  /// The rules of a tokenizer's files; none where there is no tokenizer among them.
  ///
  /// @throws IllegalArgumentException in one line if a file is damaged or not supported, or the
  ///   tokenizer is not the model's
  public static Optional<TextRules> of(TokenizerFiles files, LlamaConfig config) {
    return folder(files).map(folder -> of(folder, files, config, name(files)));
  }

  /// A tokenizer of whatever model.
  ///
  /// @throws IllegalArgumentException in one line if a file is damaged or not supported
  public static Optional<TokenizerFolder> folder(TokenizerFiles files) {
    return TokenizerFolder.read(new TokenizerFolder.Files(files.contents(), files::source));
  }

  private static String name(TokenizerFiles files) {
    return files.source(files.contents().firstEntry().getKey());
  }

  /// Rows beyond the tokens are padding, mostly up to a multiple of a power of two; so many more
  /// say that it is another model's tokenizer. Added tokens may lack a row as long as no text holds
  /// them.
  private static void requireRows(TokenizerFolder folder, int rows, String name) {
    int tokens = folder.tokenizer().vocabSize();
    if (folder.tokenizer().trainedSize() > rows || rows - tokens > Math.max(1024, rows / 4)) {
      throw new IllegalArgumentException(
          "%s: has %d tokens, the model has vocab_size %d; use the tokenizer it was trained with"
              .formatted(name, tokens, rows));
    }
    IntStream.concat(
            folder.eos().stream(),
            IntStream.concat(Arrays.stream(folder.before()), Arrays.stream(folder.after())))
        .filter(id -> id >= rows)
        .findFirst()
        .ifPresent(id -> {
          throw new IllegalArgumentException(
              "%s: its token '%s' has id %d, the model has vocab_size %d; use the tokenizer it was trained with"
                  .formatted(name, folder.tokenizer().piece(id), id, rows));
        });
  }

  /// The same rules with control tokens that a text spells read as these tokens.
  public TextRules readingSpecials() {
    return new TextRules(folder, files, end, stopIds, true);
  }

  boolean isReadingSpecials() {
    return readsSpecials;
  }

  /// The tokenizer with what stands around a text.
  public TokenizerFolder folder() {
    return folder;
  }

  /// The files that they come from; none where the tokenizer was not read from files.
  TokenizerFiles files() {
    return files;
  }

  /// The tokens alone, without what stands around a text.
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// The token that ends a text to learn from, if there is one: the tokenizer's own, else the first
  /// of `config.json`.
  public OptionalInt end() {
    return end;
  }

  /// Tokens that end a response: [#end] and those of `config.json` and `generation_config.json`.
  @Override
  public List<Integer> stopIds() {
    return stopIds;
  }

  /// Tokens that can be drawn: those below this id; the rows after them are padding.
  public int drawable() {
    return tokenizer.vocabSize();
  }

  /// What the rules are, in one line.
  @Override
  public String toString() {
    return "%d tokens; before a text: %s; after it: %s; to learn from it ends with: %s; sampling ends at: %s"
        .formatted(
            tokenizer.vocabSize(),
            named(Arrays.stream(folder.before())),
            named(Arrays.stream(folder.after())),
            named(folder.after().length > 0 ? Arrays.stream(folder.after()) : end.stream()),
            named(stopIds.stream().mapToInt(Integer::intValue)));
  }

  private String named(IntStream ids) {
    String names =
        ids.mapToObj(id -> id < tokenizer.vocabSize() ? tokenizer.piece(id) : "token " + id)
            .collect(Collectors.joining(" "));
    return names.isEmpty() ? "nothing" : names;
  }

  @Override
  public int[] promptIds(String prompt) {
    requirePlain("prompt", prompt);
    return joined(folder.before(), plainPrompt(prompt));
  }

  /// Ids of a response to a prompt, with EOS where the tokenizer puts one after every text.
  ///
  /// @throws IllegalArgumentException if one of them spells a control token
  public int[] responseIds(String prompt, String response) {
    requirePlain("prompt", prompt);
    requirePlain("response", response);
    int[] ids = continuation(prompt, response);
    return endsWith(ids, folder.after()) ? ids : joined(ids, folder.after());
  }

  /// Ids of a response to learn from, which ends with EOS once.
  ///
  /// @throws IllegalArgumentException as [#responseIds]
  @Override
  public int[] finishedResponseIds(String prompt, String response) {
    int[] ids = responseIds(prompt, response);
    int[] ending = folder.after().length > 0 ? folder.after() : end.stream().toArray();
    return endsWith(ids, ending) ? ids : joined(ids, ending);
  }

  private int[] continuation(String prompt, String response) {
    int[] before = plainPrompt(prompt);
    int[] whole = plainPrompt(prompt + response);
    boolean meets =
        whole.length >= before.length
            && Arrays.equals(whole, 0, before.length, before, 0, before.length);
    if (meets && (whole.length > before.length || response.isEmpty())) {
      return Arrays.copyOfRange(whole, before.length, whole.length);
    }
    return readsSpecials
        ? tokenizer.encodeRestWithSpecials(response)
        : tokenizer.encodeRest(response);
  }

  /// Ids of a text from its start on; a BOS that it spells is the one that the rules put.
  private int[] plainPrompt(String text) {
    if (!readsSpecials) {
      return tokenizer.encode(text);
    }
    if (folder.bos().isEmpty()) {
      return tokenizer.encodeWithSpecials(text);
    }
    String bos = tokenizer.piece(folder.bos().getAsInt());
    if (!text.startsWith(bos)) {
      return tokenizer.encodeWithSpecials(text);
    }
    int[] rest = tokenizer.encodeWithSpecials(text.substring(bos.length()));
    boolean isPut = folder.before().length > 0 && folder.before()[0] == folder.bos().getAsInt();
    return isPut ? rest : joined(folder.bos().stream().toArray(), rest);
  }

  /// @throws IllegalArgumentException if a text spells a control token, unless they are read
  void requirePlain(String what, String text) {
    if (readsSpecials) {
      return;
    }
    tokenizer
        .specialIn(text)
        .ifPresent(special -> {
          throw new IllegalArgumentException(
              "the %s spells the control token '%s'; leave it out, or read such tokens with --specials (in a run task.specials)"
                  .formatted(what, special));
        });
  }

  /// The text of a response: what it adds to the text of its prompt.
  public String text(int[] promptIds, int[] responseIds) {
    StreamingDecoder decoder = decoderAfter(promptIds);
    StringBuilder text = new StringBuilder();
    for (int id : known(responseIds)) {
      text.append(decoder.append(id));
    }
    return text.append(decoder.finish()).toString();
  }

  /// Makes the condition of a response to a prompt of these ids, which ends where one of the texts
  /// appears.
  ///
  /// @throws IllegalArgumentException if a text is empty
  public Function<int[], StopCondition> stopsAt(List<String> texts) {
    return promptIds -> new StopTexts(decoderAfter(promptIds), texts);
  }

  private StreamingDecoder decoderAfter(int[] promptIds) {
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    for (int id : known(promptIds)) {
      var _ = decoder.append(id);
    }
    return decoder;
  }

  /// Without ids of padding, which have no text.
  private int[] known(int[] ids) {
    return Arrays.stream(ids).filter(id -> id < tokenizer.vocabSize()).toArray();
  }

  private static boolean endsWith(int[] ids, int[] ending) {
    int start = ids.length - ending.length;
    return start >= 0 && Arrays.equals(ids, start, ids.length, ending, 0, ending.length);
  }

  private static int[] joined(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }
}
