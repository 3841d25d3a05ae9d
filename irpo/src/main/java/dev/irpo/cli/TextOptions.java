package dev.irpo.cli;

import dev.irpo.model.LanguageModel;
import dev.irpo.model.TextRules;
import java.util.function.Function;
import picocli.CommandLine.Option;

/// Prompts and responses of input lines, as ids or as texts.
final class TextOptions {
  @Option(
      names = "--specials",
      description = "control tokens such as </s> that a text spells become their ids")
  private boolean specials;

  /// How texts become ids.
  TextRules rules(LanguageModel model) {
    return specials ? model.text().readingSpecials() : model.text();
  }

  /// `promptIds`, or the ids of `prompt`.
  int[] prompt(LanguageModel model, JsonLines.Line line) {
    return hasIds(line)
        ? line.ids("promptIds")
        : encoded(model, line, rules -> rules.promptIds(line.text("prompt")));
  }

  /// `responseIds`, or the ids of `response` after `prompt`.
  int[] response(LanguageModel model, JsonLines.Line line) {
    return hasIds(line)
        ? line.ids("responseIds")
        : encoded(
            model, line, rules -> rules.responseIds(line.text("prompt"), line.text("response")));
  }

  /// The same for a response to learn from: its text ends with EOS.
  ///
  /// @param key `response`, `chosen` or `rejected`
  int[] finished(LanguageModel model, JsonLines.Line line, String key) {
    return hasIds(line)
        ? line.ids(key + "Ids")
        : encoded(
            model, line, rules -> rules.finishedResponseIds(line.text("prompt"), line.text(key)));
  }

  private static boolean hasIds(JsonLines.Line line) {
    return line.has("promptIds");
  }

  private int[] encoded(
      LanguageModel model, JsonLines.Line line, Function<TextRules, int[]> encoding) {
    TextRules rules = rules(model);
    try {
      return encoding.apply(rules);
    } catch (IllegalArgumentException e) {
      throw e.getMessage().startsWith(line.source()) ? e : line.mistake(e.getMessage());
    }
  }
}
