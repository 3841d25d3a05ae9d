package dev.irpo.template;

import java.util.List;

/// Tokens, one after the other.
final class Tokens {
  private final List<Token> all;
  private int at;

  Tokens(List<Token> all) {
    this.all = all;
  }

  Token current() {
    return all.get(at);
  }

  /// The one after the current one.
  Token following() {
    return all.get(Math.min(at + 1, all.size() - 1));
  }

  /// The current one, which the next one follows; the end stays.
  Token next() {
    Token token = current();
    at = Math.min(at + 1, all.size() - 1);
    return token;
  }

  boolean skipOperator(String operator) {
    boolean isThere = current().isOperator(operator);
    at += isThere ? 1 : 0;
    return isThere;
  }

  boolean skipName(String name) {
    boolean isThere = current().isName(name);
    at += isThere ? 1 : 0;
    return isThere;
  }

  /// @throws TemplateException if another token is there
  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  /// @throws TemplateException if another token is there
  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  /// @throws TemplateException if another token is there
  Token expect(Token.Kind kind, String wanted) {
    if (current().kind() != kind) {
      throw unexpected(wanted);
    }
    return next();
  }

  TemplateException unexpected(String wanted) {
    return mistake("there is %s, it must be %s".formatted(current().described(), wanted));
  }

  TemplateException mistake(String fact) {
    return new TemplateException(current().line(), fact);
  }
}
