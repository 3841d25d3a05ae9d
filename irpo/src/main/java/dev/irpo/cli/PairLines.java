package dev.irpo.cli;

import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Pairs from JSON lines of token ids or texts; a response's text is learnt with its end token.
final class PairLines {
  private PairLines() {}

  /// Reads all pairs, their reference log-probabilities still 0.
  static List<PreferencePair> read(Path file, LanguageModel model, TextOptions texts)
      throws IOException {
    List<PreferencePair> pairs = new ArrayList<>();
    for (JsonLines.Line line : JsonLines.read(file)) {
      PreferencePair pair =
          new PreferencePair(
              "line " + line.number(),
              0,
              0,
              texts.prompt(model, line),
              texts.finished(model, line, "chosen"),
              texts.finished(model, line, "rejected"),
              0,
              0);
      PairFile.requireTokens(pair, model.config(), file + " line " + line.number());
      pairs.add(pair);
    }
    return pairs;
  }
}
