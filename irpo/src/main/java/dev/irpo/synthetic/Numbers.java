package dev.irpo.synthetic;

import java.util.Arrays;

/// The numbers of one story, by their letters; steps of a chain add theirs.
final class Numbers {
  private final int[] byLetter = new int[26];

  Numbers() {}

  Numbers(Numbers other) {
    System.arraycopy(other.byLetter, 0, byLetter, 0, byLetter.length);
  }

  /// The number of a letter; a digit stands for itself.
  int get(char letter) {
    return Character.isDigit(letter) ? Character.digit(letter, 10) : byLetter[letter - 'a'];
  }

  void set(char letter, int number) {
    byLetter[letter - 'a'] = number;
  }

  /// Whether some letter has this number.
  boolean contain(int number) {
    return Arrays.stream(byLetter).anyMatch(known -> known == number);
  }
}
