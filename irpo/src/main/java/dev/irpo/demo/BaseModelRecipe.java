package dev.irpo.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.synthetic.CorpusMix;
import dev.irpo.synthetic.WordProblemCorpus;
import dev.irpo.tensor.Backend;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.SentencePieceTrainer;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// How the embedded base model M_0 is made, from random weights and generated text alone.
///
/// A tokenizer is trained on the second stage's text; then the model learns the two stages of
/// [WordProblemCorpus] one after the other with `irpo sft`. Everything follows from the seed, so
/// that making it again gives the same files.
public final class BaseModelRecipe {
  private static final long SEED = 20240430;
  private static final int VOCABULARY = 512;
  private static final int TOKENIZER_DOCUMENTS = 20_000;

  private static final Stage FIRST = new Stage("calculation", 1, 160_000, 2500, 2e-3);
  private static final Stage SECOND = new Stage("habits", 2, 96_000, 1500, 1e-3);

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private record Stage(String name, int number, int documents, int steps, double learningRate) {
    RunConfig config() {
      return RunConfig.parse(
          "",
          List.of(
              "preset=demo",
              "seed=" + (SEED + number),
              "sft.promptTokens=true",
              "train.steps=" + steps,
              "train.batchSize=64",
              "train.tokenBudget=4096",
              "optimizer.learningRate=" + learningRate,
              "optimizer.warmupSteps=100",
              "optimizer.schedule=cosine",
              "optimizer.weightDecay=0.01"));
    }

    void write(Path folder, List<WordProblemCorpus.Document> texts) throws IOException {
      Files.writeString(folder.resolve(name + ".yaml"), config().toYaml());
      try (Writer lines = Files.newBufferedWriter(folder.resolve(name + ".jsonl"))) {
        for (WordProblemCorpus.Document text : texts) {
          ObjectNode line = MAPPER.createObjectNode();
          line.put("prompt", text.prompt()).put("response", text.response());
          lines.write(line + "\n");
        }
      }
    }
  }

  private BaseModelRecipe() {}

  /// Writes everything into a new folder: `random/`, a model, and for each stage `NAME.jsonl` and
  /// `NAME.yaml`, the data and the configuration of `irpo sft`.
  public static void write(Backend backend, Path folder) throws IOException {
    WordProblemCorpus corpus = new WordProblemCorpus(SEED, CorpusMix.standard());
    LlamaConfig config = config();
    LanguageModel random =
        new LanguageModel(
            config,
            MAPPER.valueToTree(config.toHuggingFace()),
            Parameters.random(backend, config, SEED),
            Optional.of(tokenizer(corpus)));
    AtomicFiles.writeFolder(
        folder,
        temporary -> {
          random.save(temporary.resolve("random"));
          FIRST.write(temporary, corpus.firstStage(FIRST.documents()));
          SECOND.write(temporary, corpus.secondStage(SECOND.documents()));
        });
  }

  private static LlamaConfig config() {
    return new LlamaConfig(
        VOCABULARY, 160, 448, 4, 5, 5, 32, 256, 10000, 1e-5, true, 1, List.of(2));
  }

  private static SentencePieceTokenizer tokenizer(WordProblemCorpus corpus) {
    List<String> text =
        corpus.secondStage(TOKENIZER_DOCUMENTS).stream()
            .map(WordProblemCorpus.Document::text)
            .toList();
    return SentencePieceTrainer.ofSize(VOCABULARY).withUserDefinedSymbols("\n").train(text);
  }
}
