package dev.irpo.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads what stands between signs: constants, variables, brackets, and the attributes, items,
/// calls, filters and tests after them.
final class OperandParser {
  private static final Set<String> ENDS_A_TEST = Set.of("else", "or", "and");

  /// What a macro finds further arguments in.
  private static final Set<String> FURTHER = Set.of("varargs", "kwargs");

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private int macros;

  /// @param expressions reads what stands in brackets
  OperandParser(Tokens tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /// Before the body of a macro; [#leaveMacro] after it.
  void enterMacro() {
    macros++;
  }

  void leaveMacro() {
    macros--;
  }

  Expression primary() {
    Token token = tokens.current();
    return switch (token.kind()) {
      case NAME -> name(tokens.next());
      case STRING -> {
        StringBuilder text = new StringBuilder();
        while (tokens.current().kind() == Token.Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield new Expression.Literal(new Value.Text(text.toString()));
      }
      case INTEGER -> new Expression.Literal(whole(tokens.next()));
      case REAL -> new Expression.Literal(new Value.Real(Double.parseDouble(tokens.next().text())));
      case OPERATOR -> bracketed();
      default -> throw tokens.unexpected("an expression");
    };
  }

  private Expression name(Token token) {
    if (macros > 0 && FURTHER.contains(token.text())) {
      throw new TemplateException(
          token.line(), "'%s' of a macro is not read".formatted(token.text()));
    }
    return switch (token.text()) {
      case "true", "True" -> new Expression.Literal(new Value.Bool(true));
      case "false", "False" -> new Expression.Literal(new Value.Bool(false));
      case "none", "None" -> new Expression.Literal(Value.NONE);
      default -> new Expression.Name(token.text());
    };
  }

  private static Value whole(Token token) {
    try {
      return new Value.Int(Long.parseLong(token.text()));
    } catch (NumberFormatException e) {
      throw new TemplateException(
          token.line(), "the number %s is too large".formatted(token.text()));
    }
  }

  private Expression bracketed() {
    if (tokens.skipOperator("(")) {
      if (tokens.skipOperator(")")) {
        return new Expression.TupleOf(List.of());
      }
      Expression inside = expressions.tuple();
      tokens.expectOperator(")");
      return inside;
    }
    if (tokens.skipOperator("[")) {
      List<Expression> items = new ArrayList<>();
      while (!tokens.skipOperator("]")) {
        comma(!items.isEmpty(), "]");
        if (!tokens.current().isOperator("]")) {
          items.add(expressions.expression());
        }
      }
      return new Expression.ListOf(items);
    }
    if (tokens.skipOperator("{")) {
      List<Expression.Entry> entries = new ArrayList<>();
      while (!tokens.skipOperator("}")) {
        comma(!entries.isEmpty(), "}");
        if (!tokens.current().isOperator("}")) {
          Expression key = expressions.expression();
          tokens.expectOperator(":");
          entries.add(new Expression.Entry(key, expressions.expression()));
        }
      }
      return new Expression.MapOf(entries);
    }
    throw tokens.unexpected("an expression");
  }

  private void comma(boolean isWanted, String end) {
    if (isWanted && !tokens.skipOperator(",")) {
      throw tokens.unexpected("',' or '%s'".formatted(end));
    }
  }

  /// What may stand after a value, before any filter.
  Expression postfix(Expression of) {
    Expression whole = of;
    while (true) {
      if (tokens.skipOperator(".")) {
        whole = attribute(whole);
      } else if (tokens.skipOperator("[")) {
        whole = subscript(whole);
      } else if (tokens.skipOperator("(")) {
        whole = new Expression.Call(whole, given());
      } else {
        return whole;
      }
    }
  }

  private Expression attribute(Expression of) {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> new Expression.Attribute(of, token.text());
      case INTEGER -> new Expression.Subscript(of, new Expression.Literal(whole(token)));
      default ->
          throw new TemplateException(
              token.line(),
              "there is %s after '.', it must be a name".formatted(token.described()));
    };
  }

  private Expression subscript(Expression of) {
    Optional<Expression> start = bound();
    if (!tokens.skipOperator(":")) {
      if (start.isEmpty() || tokens.current().isOperator(",")) {
        throw tokens.unexpected("an expression and ']'");
      }
      tokens.expectOperator("]");
      return new Expression.Subscript(of, start.get());
    }
    Optional<Expression> stop = bound();
    Optional<Expression> step = tokens.skipOperator(":") ? bound() : Optional.empty();
    tokens.expectOperator("]");
    return new Expression.Slice(of, start, stop, step);
  }

  private Optional<Expression> bound() {
    Token token = tokens.current();
    return token.isOperator(":") || token.isOperator("]")
        ? Optional.empty()
        : Optional.of(expressions.expression());
  }

  /// Arguments after their opening parenthesis.
  private Expression.Given given() {
    List<Expression> positional = new ArrayList<>();
    List<Expression.Named> named = new ArrayList<>();
    while (!tokens.skipOperator(")")) {
      comma(positional.size() + named.size() > 0, ")");
      Token token = tokens.current();
      if (token.isOperator(")")) {
        continue;
      }
      if (token.isOperator("*") || token.isOperator("**")) {
        throw tokens.mistake("arguments with %s are not read".formatted(token.text()));
      }
      if (token.kind() == Token.Kind.NAME && tokens.following().isOperator("=")) {
        tokens.next();
        tokens.next();
        named.add(new Expression.Named(token.text(), expressions.expression()));
      } else if (named.isEmpty()) {
        positional.add(expressions.expression());
      } else {
        throw tokens.mistake("an argument without a name follows one with a name");
      }
    }
    return new Expression.Given(positional, named);
  }

  /// Filters and tests, which stand after everything else.
  Expression filters(Expression of) {
    Expression whole = of;
    while (true) {
      if (tokens.skipOperator("|")) {
        whole = filter(whole);
      } else if (tokens.skipName("is")) {
        whole = test(whole);
      } else if (tokens.skipOperator("(")) {
        whole = new Expression.Call(whole, given());
      } else {
        return whole;
      }
    }
  }

  /// A filter after its `|`, or the first one of a `filter` statement.
  Expression filter(Expression of) {
    String name = dottedName("a filter");
    boolean hasArguments = tokens.skipOperator("(");
    return new Expression.Filter(of, name, hasArguments ? given() : Expression.Given.NOTHING);
  }

  /// Filters with `|` before each.
  Expression moreFilters(Expression of) {
    Expression whole = of;
    while (tokens.skipOperator("|")) {
      whole = filter(whole);
    }
    return whole;
  }

  private String dottedName(String what) {
    StringBuilder name = new StringBuilder(tokens.expect(Token.Kind.NAME, what).text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Token.Kind.NAME, what).text());
    }
    return name.toString();
  }

  private Expression test(Expression of) {
    boolean isNegated = tokens.skipName("not");
    String name = dottedName("a test");
    Expression.Given given = Expression.Given.NOTHING;
    if (tokens.skipOperator("(")) {
      given = given();
    } else if (beginsArgument(tokens.current())) {
      if (tokens.current().isName("is")) {
        throw tokens.mistake("'is' follows a test; put the first one in parentheses");
      }
      given = new Expression.Given(List.of(postfix(primary())), List.of());
    }
    Expression test = new Expression.Test(of, name, given);
    return isNegated ? new Expression.Not(test) : test;
  }

  private static boolean beginsArgument(Token token) {
    return switch (token.kind()) {
      case NAME -> !ENDS_A_TEST.contains(token.text());
      case STRING, INTEGER, REAL -> true;
      case OPERATOR -> token.isOperator("[") || token.isOperator("{");
      default -> false;
    };
  }
}
