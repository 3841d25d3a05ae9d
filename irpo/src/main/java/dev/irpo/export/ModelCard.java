package dev.irpo.export;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tokenizer.Tokenizer;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// A card in Markdown that says what is known of a model, and that nobody has said the rest: a
/// `README.md` as Hugging Face's hub shows it.
///
/// The same model gives the same card; paths and data of its maker are not in it.
record ModelCard(ExportSource source, String name) {
  String text() throws IOException {
    StringBuilder card = new StringBuilder();
    card.append(
        """
        ---
        library_name: transformers
        pipeline_tag: text-generation
        license: unknown
        tags:
        - llama
        ---

        # %s

        A language model of the Llama architecture, written by `irpo export` of IRPO on the JVM.

        | | |
        |---|---|
        """
            .formatted(name));
    row(card, "size", size());
    row(
        card,
        "weights",
        "%s in the source (%s)".formatted(types(), source.model().format().name()));
    source.text().ifPresent(text -> row(card, "tokenizer", tokenizer(text)));
    row(card, "base model", baseModel());
    row(
        card,
        "licence",
        "not known to the program that wrote this; that of the base model and of the training data"
            + " apply");
    Optional<TrainingRecord> training = TrainingRecord.of(source.model().path());
    if (training.isPresent()) {
      card.append(training.get().sections());
    }
    card.append(
        """

        ## To fill in before others use it

        Intended use, training data, evaluation beyond what is above, and limits: nobody has stated them.
        """);
    return card.toString();
  }

  private static void row(StringBuilder card, String what, String value) {
    card.append("| %s | %s |\n".formatted(what, value));
  }

  private String size() {
    LlamaConfig config = source.config();
    StringJoiner parts = new StringJoiner(", ");
    parts.add(String.format(Locale.ROOT, "%,d parameters", config.numParameters()));
    parts.add(config.numLayers() + " layers");
    parts.add("width " + config.embedDim());
    parts.add("feed-forward width " + config.ffnDim());
    parts.add("%d heads of %d".formatted(config.numHeads(), config.headDim()));
    if (config.numKvHeads() != config.numHeads()) {
      parts.add("%d key-value heads".formatted(config.numKvHeads()));
    }
    parts.add("vocabulary of %d".formatted(config.vocabSize()));
    parts.add("context of %d tokens".formatted(config.maxPositions()));
    parts.add(config.tiedHead() ? "head tied to the embedding" : "head of its own");
    return parts.toString();
  }

  private String types() {
    return source.model().tensors().values().stream()
        .map(StoredTensor::dtype)
        .map(Enum::name)
        .collect(Collectors.toCollection(TreeSet::new))
        .stream()
        .collect(Collectors.joining(" and "));
  }

  private String tokenizer(TokenizerFolder text) {
    Tokenizer tokenizer = text.tokenizer();
    String begin =
        Arrays.stream(text.before())
            .mapToObj(id -> "`" + tokenizer.piece(id) + "`")
            .collect(Collectors.joining(" "));
    String end =
        source.ends().stream()
            .filter(id -> id < tokenizer.vocabSize())
            .map(id -> "`" + tokenizer.piece(id) + "`")
            .collect(Collectors.joining(" or "));
    return "%d tokens; a text begins with %s, a response ends with %s"
        .formatted(
            tokenizer.vocabSize(),
            begin.isEmpty() ? "no token of its own" : begin,
            end.isEmpty() ? "none" : end);
  }

  /// What transformers notes when it saves a model, if that is a name and no path.
  private String baseModel() {
    StoredModel model = source.model();
    String noted = model.config().path("_name_or_path").asText();
    return noted.matches("[\\w.-]+/[\\w.-]+")
        ? "`%s`, as config.json says".formatted(noted)
        : "not recorded";
  }
}
