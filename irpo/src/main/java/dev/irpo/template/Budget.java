package dev.irpo.template;

import java.util.List;

/// What one rendering may take, so that it ends whatever the template says: far beyond what any
/// published template needs.
final class Budget {
  /// Nested brackets and statements of a template.
  static final int MAX_DEPTH = 150;

  /// Nested expressions, statements and calls of macros that are worked on.
  private static final int MAX_LEVELS = 400;

  /// Values within values, where they are printed or compared.
  static final int MAX_NESTED = 100;

  /// Characters of a template, and of a text that it makes.
  static final int MAX_TEXT = 1 << 22;

  /// Items of a list that it makes, as in Jinja's sandbox.
  static final int MAX_ITEMS = 100_000;

  private static final long MAX_STEPS = 1_000_000;

  /// A step looks at so many characters, or passes so many items by.
  private static final int CHARACTERS = 256;

  /// A step of a search compares so many characters.
  private static final int COMPARISONS = 1 << 12;

  private long steps;
  private int depth;
  private int line = 1;

  /// The template's line that is worked on.
  int line() {
    return line;
  }

  void at(int now) {
    line = now;
    take(1);
  }

  /// @throws IllegalArgumentException if they are used up
  void take(long more) {
    steps += more;
    if (steps > MAX_STEPS) {
      throw new IllegalArgumentException(
          "takes more than %d steps, which no prompt needs".formatted(MAX_STEPS));
    }
  }

  /// Before one level more; [#leave] after it.
  ///
  /// @throws IllegalArgumentException if there are too many
  void enter() {
    take(1);
    depth++;
    if (depth > MAX_LEVELS) {
      throw new IllegalArgumentException("goes more than %d levels deep".formatted(MAX_LEVELS));
    }
  }

  void leave() {
    depth--;
  }

  /// Before a text of so many characters is made.
  ///
  /// @throws IllegalArgumentException if it is too long
  void text(long length) {
    if (length > MAX_TEXT) {
      throw new IllegalArgumentException(
          "makes a text of more than %d characters".formatted(MAX_TEXT));
    }
    take(1 + length / CHARACTERS);
  }

  /// Before a value is looked at once: the characters of a text, what is in a list or mapping.
  void look(Value value) {
    take(
        switch (value) {
          case Value.Text(String text) -> text.length() / CHARACTERS;
          case Value.Items items -> items.items().size() / CHARACTERS;
          case Value.Mapping mapping -> mapping.entries().size() / CHARACTERS;
          default -> 0;
        });
  }

  /// Before something is done with a value and arguments, each of which is looked at once.
  void look(Value of, Arguments given) {
    look(of);
    given.positional().forEach(this::look);
    given.named().values().forEach(this::look);
  }

  /// Before a text is looked for in another, at each of whose places all of it may be compared.
  void search(String text, String sought) {
    long places = Math.max(0, text.length() - sought.length());
    take(1 + text.length() / CHARACTERS + places * sought.length() / COMPARISONS);
  }

  /// Before one item more is put into a list.
  ///
  /// @throws IllegalArgumentException if there are too many
  void oneMore(List<?> list) {
    requireFew(list.size() + 1L);
    take(1);
  }

  private static void requireFew(long count) {
    if (count > MAX_ITEMS) {
      throw new IllegalArgumentException("makes a list of more than %d items".formatted(MAX_ITEMS));
    }
  }

  /// Before so many values are gone through or put together.
  ///
  /// @throws IllegalArgumentException if there are too many
  void items(long count) {
    requireFew(count);
    take(count);
  }

  /// A text that is there now.
  Value.Text made(String text) {
    text(text.length());
    return new Value.Text(text);
  }

  /// A list that is there now.
  Value.Items made(List<Value> items) {
    items(items.size());
    return Value.Items.list(items);
  }

  /// What a filter gives one by one.
  Value.Items streamed(List<Value> items) {
    items(items.size());
    return Value.Items.stream(items);
  }
}
