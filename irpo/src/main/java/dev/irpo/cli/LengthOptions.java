package dev.irpo.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import picocli.CommandLine.Option;

/// What becomes of pairs and examples that are too long to be trained on: they are dropped and
/// counted, as a run drops and counts them.
final class LengthOptions {
  @Option(
      names = "--strict",
      description = "refuse what is too long; default: it is dropped, and a line says how many are")
  private boolean strict;

  /// How long a prompt with a response may be.
  ///
  /// @param setBy what says so, for messages
  record Limit(int tokens, String setBy) {
    static Limit ofContext(int positions) {
      return new Limit(positions, "the model's context");
    }
  }

  /// The items of a file that are not too long; a line on standard error tells of others.
  ///
  /// @param place where an item stands, for instance `line 3`
  /// @param tokens of a prompt with its longest response
  /// @throws IllegalArgumentException if all are too long, or one is and `--strict` was given
  <T> List<T> keep(
      Path file, List<T> items, Function<T, String> place, ToIntFunction<T> tokens, Limit limit) {
    List<T> kept = new ArrayList<>();
    List<T> tooLong = new ArrayList<>();
    for (T item : items) {
      (tokens.applyAsInt(item) <= limit.tokens() ? kept : tooLong).add(item);
    }
    if (tooLong.isEmpty()) {
      return kept;
    }
    T first = tooLong.getFirst();
    String fact =
        "%s has %d tokens with its response, %s holds %d"
            .formatted(place.apply(first), tokens.applyAsInt(first), limit.setBy(), limit.tokens());
    if (strict) {
      throw new IllegalArgumentException(
          "%s %s; shorten it, or leave out --strict to drop it".formatted(file, fact));
    }
    if (kept.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: everything in it is too long: %s; shorten it or take a model with a longer context"
              .formatted(file, fact));
    }
    ErrorLine.print(
        System.Logger.Level.WARNING,
        "%s: dropped %d of %d as too long, the first: %s"
            .formatted(file, tooLong.size(), items.size(), fact));
    return kept;
  }
}
