package dev.irpo.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.task.CorpusMix;
import dev.irpo.task.WordProblemCorpus;
import dev.irpo.tensor.Backend;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.SentencePieceTrainer;
import dev.irpo.train.SupervisedTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.util.List;
import java.util.Optional;

/// How the embedded base model M_0 is made, from random weights and generated text alone.
///
/// A tokenizer is trained on the second stage's text, then the model learns the two stages of
/// [WordProblemCorpus] one after the other. Everything follows from the seed, so that making it
/// again gives the same files.
public final class BaseModelRecipe {
  private static final long SEED = 20240430;
  private static final int VOCABULARY = 512;
  private static final int TOKENIZER_DOCUMENTS = 20_000;

  private static final Stage FIRST = new Stage("calculation", 1, 160_000, 2500, 2e-3);
  private static final Stage SECOND = new Stage("habits", 2, 96_000, 1500, 1e-3);

  private record Stage(String name, int number, int documents, int steps, double learningRate) {}

  /// Receives every step of both stages.
  public interface Listener {
    /// Called after a step.
    void stepped(String stage, int totalSteps, SupervisedTraining.Step step);
  }

  private BaseModelRecipe() {}

  /// Makes the model.
  public static LanguageModel make(Backend backend, Listener listener) {
    WordProblemCorpus corpus = new WordProblemCorpus(SEED, CorpusMix.standard());
    SentencePieceTokenizer tokenizer = tokenizer(corpus);
    LlamaConfig config = config();
    ObjectNode json = new ObjectMapper().valueToTree(config.toHuggingFace());
    Parameters parameters = Parameters.random(backend, config, SEED);
    LanguageModel model = new LanguageModel(config, json, parameters, Optional.of(tokenizer));
    train(FIRST, corpus.firstStage(FIRST.documents()), backend, model, listener);
    train(SECOND, corpus.secondStage(SECOND.documents()), backend, model, listener);
    return model;
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

  private static void train(
      Stage stage,
      List<WordProblemCorpus.Document> documents,
      Backend backend,
      LanguageModel model,
      Listener listener) {
    RunConfig config =
        RunConfig.parse(
            "",
            List.of(
                "preset=demo",
                "seed=" + (SEED + stage.number()),
                "sft.promptTokens=true",
                "train.steps=" + stage.steps(),
                "train.batchSize=64",
                "train.tokenBudget=4096",
                "optimizer.learningRate=" + stage.learningRate(),
                "optimizer.warmupSteps=100",
                "optimizer.schedule=cosine",
                "optimizer.weightDecay=0.01"));
    List<SupervisedTraining.Example> examples =
        documents.stream()
            .map(document ->
                new SupervisedTraining.Example(
                    model.promptIds(document.prompt()),
                    model.finishedResponseIds(document.response())))
            .toList();
    SupervisedTraining training = new SupervisedTraining(config, backend, model, examples);
    training.run(step -> listener.stepped(stage.name(), training.totalSteps(), step));
  }
}
