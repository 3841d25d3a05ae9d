package dev.irpo.pair;

import java.util.Locale;

/// Why a prompt gives no pair.
public enum DropReason {
  /// Every response is a winner.
  NO_LOSER,
  /// No response is a winner and there is no gold solution.
  NO_WINNER,
  /// The prompt leaves no room for a response, or what would make a pair is too long.
  TOO_LONG;

  /// As files and tables write it: `no-loser`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
