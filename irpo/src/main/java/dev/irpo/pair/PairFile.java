package dev.irpo.pair;

import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.score.Sequence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Pairs from files and their reference log-probabilities.
public final class PairFile {
  private PairFile() {}

  /// Whether a file is a `pairs.arrow` as a run writes it, with the log-probabilities of a
  /// reference, rather than a table or text of somebody else's.
  public static boolean isStored(Path file) throws IOException {
    if (!TableReader.isTable(file)) {
      return false;
    }
    try (TableReader table = TableReader.open(file)) {
      return table.columnNames().contains("chosenReferenceLogProb");
    }
  }

  /// Reads a `pairs.arrow` with the log-probabilities that it stores.
  ///
  /// @throws IllegalArgumentException if it holds no pair, or one with a token that the model lacks
  public static List<PreferencePair> readStored(Path file, LlamaConfig config) throws IOException {
    List<PreferencePair> pairs = TableReader.readAll(file, PreferencePair::of);
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(file + ": holds no pair; give it at least one");
    }
    for (PreferencePair pair : pairs) {
      requireTokens(pair, config, file + " problem " + pair.problemId());
    }
    return pairs;
  }

  /// Checks that the log-probabilities of the reference were computed, as they are not for a loss
  /// that reads none.
  ///
  /// @throws IllegalArgumentException naming the first pair that lacks them
  public static List<PreferencePair> requireReference(List<PreferencePair> pairs, Path file) {
    for (PreferencePair pair : pairs) {
      if (Float.isNaN(pair.chosenReferenceLogProb() + pair.rejectedReferenceLogProb())) {
        throw new IllegalArgumentException(
            "%s problem %s: holds no log-probabilities of a reference; name the model with --reference"
                .formatted(file, pair.problemId()));
      }
    }
    return pairs;
  }

  /// Checks that the model knows a pair's tokens, of which prompt and responses need one each.
  ///
  /// @param source where the pair stands, for messages
  /// @throws IllegalArgumentException if a token is unknown or missing
  public static void requireTokens(PreferencePair pair, LlamaConfig config, String source) {
    for (int[] ids : List.of(pair.promptIds(), pair.chosenIds(), pair.rejectedIds())) {
      if (ids.length == 0) {
        throw new IllegalArgumentException(
            source + ": prompt, chosen and rejected need a token each; leave the pair out");
      }
      for (int id : ids) {
        if (id < 0 || id >= config.vocabSize()) {
          throw new IllegalArgumentException(
              "%s: token id %d is not in the vocabulary of %d; tokenize with this model's tokenizer"
                  .formatted(source, id, config.vocabSize()));
        }
      }
    }
  }

  /// The pairs with ln M(response | prompt) of a reference.
  ///
  /// @throws NotFiniteException naming the problem for which it is not finite
  public static List<PreferencePair> withReference(
      List<PreferencePair> pairs, ReferenceScorer reference) {
    List<Sequence> sequences = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      sequences.add(new Sequence(pair.promptIds(), pair.chosenIds()));
      sequences.add(new Sequence(pair.promptIds(), pair.rejectedIds()));
    }
    List<Float> logProbs;
    try {
      logProbs = reference.logProbs(sequences);
    } catch (NotFiniteException e) {
      throw e.in("problem " + pairs.get((int) e.item() / 2).problemId());
    }
    List<PreferencePair> result = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      PreferencePair pair = pairs.get(i);
      result.add(
          new PreferencePair(
              pair.problemId(),
              pair.chosenSample(),
              pair.rejectedSample(),
              pair.promptIds(),
              pair.chosenIds(),
              pair.rejectedIds(),
              logProbs.get(2 * i),
              logProbs.get(2 * i + 1)));
    }
    return result;
  }
}
