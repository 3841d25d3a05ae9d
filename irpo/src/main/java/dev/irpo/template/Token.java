package dev.irpo.template;

/// A piece of a template.
///
/// @param text as it stands there; of a string what it stands for
/// @param line from 1
record Token(Kind kind, String text, int line) {
  /// What a piece is.
  enum Kind {
    /// Text that is printed as it is.
    DATA,
    /// The mark that begins a statement.
    BLOCK_BEGIN,
    /// The mark that ends a statement.
    BLOCK_END,
    /// The mark that begins what is printed.
    VARIABLE_BEGIN,
    /// The mark that ends what is printed.
    VARIABLE_END,
    /// A name or a keyword.
    NAME,
    /// A text in quotes.
    STRING,
    /// Digits.
    INTEGER,
    /// Digits with a point or an exponent.
    REAL,
    /// A sign.
    OPERATOR,
    /// The end of the template.
    END
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  /// What messages call it.
  String described() {
    return switch (kind) {
      case DATA, BLOCK_BEGIN, VARIABLE_BEGIN -> "text";
      case BLOCK_END -> "'%}'";
      case VARIABLE_END -> "'}}'";
      case STRING -> "a string";
      case NAME, INTEGER, REAL, OPERATOR -> "'" + text + "'";
      case END -> "the end of the template";
    };
  }
}
