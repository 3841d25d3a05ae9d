package dev.irpo.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// Values of expressions.
final class Evaluator {
  private final Budget budget;
  private final Operators operators;
  private final Members members;
  private final Filters filters;

  Evaluator(Budget budget) {
    this.budget = budget;
    operators = new Operators(budget);
    members = new Members(budget, operators);
    filters = new Filters(budget, operators, members);
  }

  Operators operators() {
    return operators;
  }

  boolean isTrue(Expression expression, Scope scope) {
    return Operators.isTrue(value(expression, scope));
  }

  /// @throws IllegalArgumentException if there is none
  /// @throws TemplateException as what it calls
  Value value(Expression expression, Scope scope) {
    budget.enter();
    Value value =
        switch (expression) {
          case Expression.Literal(Value literal) -> literal;
          case Expression.Name(String name) -> scope.get(name);
          case Expression.ListOf(List<Expression> items) -> budget.made(values(items, scope));
          case Expression.TupleOf(List<Expression> items) ->
              Value.Items.tuple(values(items, scope));
          case Expression.MapOf(List<Expression.Entry> entries) -> mapping(entries, scope);
          case Expression.Attribute(Expression of, String name) ->
              members.attribute(value(of, scope), name);
          case Expression.Subscript(Expression of, Expression key) ->
              members.item(value(of, scope), value(key, scope));
          case Expression.Slice slice -> slice(slice, scope);
          case Expression.Call(Expression callee, Expression.Given given) ->
              call(value(callee, scope), given, scope);
          case Expression.Filter(Expression of, String name, Expression.Given given) ->
              filters.apply(name, value(of, scope), arguments(given, scope));
          case Expression.Test(Expression of, String name, Expression.Given given) ->
              new Value.Bool(
                  filters.tests().holds(name, value(of, scope), arguments(given, scope)));
          case Expression.Not(Expression of) -> new Value.Bool(!isTrue(of, scope));
          case Expression.Negative(Expression of) ->
              operators.arithmetic(Arithmetic.MULTIPLY, new Value.Int(-1), number(of, scope));
          case Expression.Positive(Expression of) ->
              operators.arithmetic(Arithmetic.ADD, new Value.Int(0), number(of, scope));
          case Expression.And(Expression left, Expression right) -> {
            Value first = value(left, scope);
            yield Operators.isTrue(first) ? value(right, scope) : first;
          }
          case Expression.Or(Expression left, Expression right) -> {
            Value first = value(left, scope);
            yield Operators.isTrue(first) ? first : value(right, scope);
          }
          case Expression.Binary(Arithmetic sign, Expression left, Expression right) ->
              operators.arithmetic(sign, value(left, scope), value(right, scope));
          case Expression.Joined(List<Expression> parts) -> joined(parts, scope);
          case Expression.Compared compared -> compared(compared, scope);
          case Expression.Conditional conditional -> conditional(conditional, scope);
        };
    budget.leave();
    return value;
  }

  private List<Value> values(List<Expression> expressions, Scope scope) {
    List<Value> values = new ArrayList<>();
    expressions.forEach(expression -> values.add(value(expression, scope)));
    return values;
  }

  private Value mapping(List<Expression.Entry> entries, Scope scope) {
    Map<Value, Value> values = new LinkedHashMap<>();
    for (Expression.Entry entry : entries) {
      values.put(operators.key(value(entry.key(), scope)), value(entry.value(), scope));
    }
    return operators.mapping(values);
  }

  private Value number(Expression of, Scope scope) {
    Value number = Operators.requireDefined(value(of, scope));
    if (Numbers.real(number).isEmpty()) {
      throw new IllegalArgumentException("a %s has no sign".formatted(Operators.typeName(number)));
    }
    return number;
  }

  private Value slice(Expression.Slice slice, Scope scope) {
    return members.slice(
        value(slice.of(), scope),
        slice.start().map(bound -> value(bound, scope)),
        slice.stop().map(bound -> value(bound, scope)),
        slice.step().map(bound -> value(bound, scope)));
  }

  private Value call(Value callee, Expression.Given given, Scope scope) {
    if (!(Operators.requireDefined(callee) instanceof Value.Function function)) {
      throw new IllegalArgumentException(
          "a %s is called, which is no function".formatted(Operators.typeName(callee)));
    }
    return function.call(arguments(given, scope));
  }

  private Arguments arguments(Expression.Given given, Scope scope) {
    if (given.positional().isEmpty() && given.named().isEmpty()) {
      return Arguments.NOTHING;
    }
    SequencedMap<String, Value> named = new LinkedHashMap<>();
    for (Expression.Named argument : given.named()) {
      if (named.put(argument.name(), value(argument.value(), scope)) != null) {
        throw new IllegalArgumentException(
            "the argument '%s' is given twice".formatted(argument.name()));
      }
    }
    return new Arguments(values(given.positional(), scope), named);
  }

  private Value joined(List<Expression> parts, Scope scope) {
    StringBuilder text = new StringBuilder();
    for (Expression part : parts) {
      String next = Printer.text(value(part, scope), budget);
      budget.text((long) text.length() + next.length());
      text.append(next);
    }
    return new Value.Text(text.toString());
  }

  private Value compared(Expression.Compared compared, Scope scope) {
    Value left = value(compared.first(), scope);
    for (Expression.Step step : compared.steps()) {
      Value right = value(step.right(), scope);
      if (!operators.holds(step.comparison(), left, right)) {
        return new Value.Bool(false);
      }
      left = right;
    }
    return new Value.Bool(true);
  }

  private Value conditional(Expression.Conditional conditional, Scope scope) {
    if (isTrue(conditional.test(), scope)) {
      return value(conditional.then(), scope);
    }
    Optional<Expression> otherwise = conditional.otherwise();
    return otherwise.isPresent()
        ? value(otherwise.get(), scope)
        : new Value.Undefined("an 'if' without 'else' is false, so it has no value");
  }
}
