package dev.irpo.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads expressions of signs and keywords. In the order in which they bind, the loosest first:
///
/// ```text
/// a if b else c    or    and    not    comparisons, in    + -    ~    * / // %    **    - + before    . [] () | is
/// ```
final class ExpressionParser {
  private static final Map<String, Comparison> COMPARISONS =
      Map.of(
          "==", Comparison.EQUAL,
          "!=", Comparison.UNEQUAL,
          "<", Comparison.LESS,
          "<=", Comparison.LESS_OR_EQUAL,
          ">", Comparison.GREATER,
          ">=", Comparison.GREATER_OR_EQUAL);

  private final Tokens tokens;
  private final OperandParser operands;
  private int depth;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    operands = new OperandParser(tokens, this);
  }

  OperandParser operands() {
    return operands;
  }

  /// An expression, which may have an `if` after it.
  Expression expression() {
    enter();
    Expression then = or();
    while (tokens.skipName("if")) {
      Expression test = or();
      Optional<Expression> otherwise =
          tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
      then = new Expression.Conditional(test, then, otherwise);
    }
    depth--;
    return then;
  }

  /// One expression, or several with commas, which are a tuple.
  Expression tuple() {
    return tuple(true);
  }

  /// The same where an `if` is no part of it.
  Expression tupleWithoutIf() {
    return tuple(false);
  }

  private Expression tuple(boolean mayHaveIf) {
    List<Expression> items = new ArrayList<>();
    boolean isTuple = false;
    while (!endsTuple()) {
      items.add(mayHaveIf ? expression() : or());
      if (!tokens.skipOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (items.isEmpty()) {
      throw tokens.unexpected("an expression");
    }
    return isTuple ? new Expression.TupleOf(items) : items.getFirst();
  }

  private boolean endsTuple() {
    Token token = tokens.current();
    return token.kind() == Token.Kind.VARIABLE_END
        || token.kind() == Token.Kind.BLOCK_END
        || token.isOperator(")");
  }

  private void enter() {
    depth++;
    if (depth > Budget.MAX_DEPTH) {
      throw tokens.mistake("is nested more than %d deep".formatted(Budget.MAX_DEPTH));
    }
  }

  private Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    enter();
    Expression of = not();
    depth--;
    return new Expression.Not(of);
  }

  private Expression comparison() {
    Expression first = sum();
    List<Expression.Step> steps = new ArrayList<>();
    while (true) {
      Optional<Comparison> found = comparisonSign();
      if (found.isEmpty()) {
        return steps.isEmpty() ? first : new Expression.Compared(first, steps);
      }
      steps.add(new Expression.Step(found.get(), sum()));
    }
  }

  private Optional<Comparison> comparisonSign() {
    Token token = tokens.current();
    if (token.kind() == Token.Kind.OPERATOR && COMPARISONS.containsKey(token.text())) {
      return Optional.of(COMPARISONS.get(tokens.next().text()));
    }
    if (tokens.skipName("in")) {
      return Optional.of(Comparison.IN);
    }
    if (token.isName("not") && tokens.following().isName("in")) {
      tokens.next();
      tokens.next();
      return Optional.of(Comparison.NOT_IN);
    }
    return Optional.empty();
  }

  private Expression sum() {
    Expression left = joined();
    while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
      Arithmetic sign = arithmetic(tokens.next());
      left = new Expression.Binary(sign, left, joined());
    }
    return left;
  }

  private Expression joined() {
    List<Expression> parts = new ArrayList<>(List.of(product()));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.Joined(parts);
  }

  private Expression product() {
    Expression left = power();
    while (isProduct(tokens.current())) {
      Arithmetic sign = arithmetic(tokens.next());
      left = new Expression.Binary(sign, left, power());
    }
    return left;
  }

  private static boolean isProduct(Token token) {
    return token.isOperator("*")
        || token.isOperator("/")
        || token.isOperator("//")
        || token.isOperator("%");
  }

  private static Arithmetic arithmetic(Token token) {
    for (Arithmetic arithmetic : Arithmetic.values()) {
      if (token.isOperator(arithmetic.sign())) {
        return arithmetic;
      }
    }
    throw new TemplateException(token.line(), token.described() + " is no sign between numbers");
  }

  private Expression power() {
    Expression left = signed(true);
    while (tokens.skipOperator("**")) {
      left = new Expression.Binary(Arithmetic.POWER, left, signed(true));
    }
    return left;
  }

  private Expression signed(boolean withFilters) {
    enter();
    Expression of;
    if (tokens.skipOperator("-")) {
      of = new Expression.Negative(signed(false));
    } else if (tokens.skipOperator("+")) {
      of = new Expression.Positive(signed(false));
    } else {
      of = operands.primary();
    }
    of = operands.postfix(of);
    depth--;
    return withFilters ? operands.filters(of) : of;
  }
}
