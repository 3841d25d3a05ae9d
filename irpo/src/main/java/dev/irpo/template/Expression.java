package dev.irpo.template;

import java.util.List;
import java.util.Optional;

/// What has a value.
sealed interface Expression {
  /// A constant.
  record Literal(Value value) implements Expression {}

  /// A variable.
  record Name(String name) implements Expression {}

  /// `[a, b]`.
  record ListOf(List<Expression> items) implements Expression {}

  /// `a, b`.
  record TupleOf(List<Expression> items) implements Expression {}

  /// `{a: b}`.
  record MapOf(List<Entry> entries) implements Expression {}

  /// A key with its value.
  record Entry(Expression key, Expression value) {}

  /// `of.name`.
  record Attribute(Expression of, String name) implements Expression {}

  /// `of[key]`.
  record Subscript(Expression of, Expression key) implements Expression {}

  /// `of[start:stop:step]`.
  record Slice(
      Expression of,
      Optional<Expression> start,
      Optional<Expression> stop,
      Optional<Expression> step)
      implements Expression {}

  /// `callee(…)`.
  record Call(Expression callee, Given given) implements Expression {}

  /// `of | name(…)`.
  record Filter(Expression of, String name, Given given) implements Expression {}

  /// `of is name(…)`.
  record Test(Expression of, String name, Given given) implements Expression {}

  /// What stands in parentheses.
  record Given(List<Expression> positional, List<Named> named) {
    static final Given NOTHING = new Given(List.of(), List.of());
  }

  /// `name=value`.
  record Named(String name, Expression value) {}

  /// `not of`.
  record Not(Expression of) implements Expression {}

  /// `-of`.
  record Negative(Expression of) implements Expression {}

  /// `+of`.
  record Positive(Expression of) implements Expression {}

  /// `left and right`.
  record And(Expression left, Expression right) implements Expression {}

  /// `left or right`.
  record Or(Expression left, Expression right) implements Expression {}

  /// `left sign right`.
  record Binary(Arithmetic sign, Expression left, Expression right) implements Expression {}

  /// `a ~ b`.
  record Joined(List<Expression> parts) implements Expression {}

  /// `first < a < b`.
  record Compared(Expression first, List<Step> steps) implements Expression {}

  /// One comparison of a chain.
  record Step(Comparison comparison, Expression right) {}

  /// `then if test else otherwise`.
  record Conditional(Expression test, Expression then, Optional<Expression> otherwise)
      implements Expression {}
}
