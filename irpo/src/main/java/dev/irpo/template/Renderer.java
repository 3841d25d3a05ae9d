package dev.irpo.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// Does what statements say.
final class Renderer {
  /// What is done after a statement.
  private enum Then {
    GO_ON,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator evaluator;

  Renderer(Budget budget) {
    this.budget = budget;
    evaluator = new Evaluator(budget);
  }

  Operators operators() {
    return evaluator.operators();
  }

  /// What the statements print.
  ///
  /// @throws IllegalArgumentException if they cannot be done
  String text(List<Statement> statements, Scope scope) {
    StringBuilder out = new StringBuilder();
    var _ = run(statements, scope, out);
    return out.toString();
  }

  private Then run(List<Statement> statements, Scope scope, StringBuilder out) {
    budget.enter();
    Then then = Then.GO_ON;
    for (Statement statement : statements) {
      budget.at(statement.line());
      then = run(statement, scope, out);
      if (then != Then.GO_ON) {
        break;
      }
    }
    budget.leave();
    return then;
  }

  private Then run(Statement statement, Scope scope, StringBuilder out) {
    switch (statement) {
      case Statement.Data(int _, String text) -> print(text, out);
      case Statement.Output(int _, Expression expression) ->
          print(Printer.text(evaluator.value(expression, scope), budget), out);
      case Statement.If condition -> {
        return condition(condition, scope, out);
      }
      case Statement.For loop -> {
        return loop(loop, scope, out);
      }
      case Statement.Break _ -> {
        return Then.BREAK;
      }
      case Statement.Continue _ -> {
        return Then.CONTINUE;
      }
      case Statement.Assign(int _, Statement.Target target, Expression value) ->
          assign(target, evaluator.value(value, scope), scope);
      case Statement.AssignBlock(int _, Statement.Target target, Expression printed, var body) ->
          assign(target, filtered(printed, body, scope), scope);
      case Statement.FilterBlock(int _, Expression printed, List<Statement> body) ->
          print(Printer.text(filtered(printed, body, scope), budget), out);
      case Statement.Scoped(int _, List<Statement.Assign> variables, List<Statement> body) -> {
        Scope inner = scope.inner();
        for (Statement.Assign variable : variables) {
          assign(variable.target(), evaluator.value(variable.value(), scope), inner);
        }
        return run(body, inner, out);
      }
      case Statement.Macro macro -> scope.set(macro.name(), function(macro, scope));
    }
    return Then.GO_ON;
  }

  private void print(String text, StringBuilder out) {
    budget.text((long) out.length() + text.length());
    budget.text(text.length());
    out.append(text);
  }

  private Value filtered(Expression printed, List<Statement> body, Scope scope) {
    Scope inner = scope.inner();
    String text = text(body, inner);
    inner.set(Statement.PRINTED, new Value.Text(text));
    return evaluator.value(printed, inner);
  }

  private Then condition(Statement.If condition, Scope scope, StringBuilder out) {
    for (Statement.Branch branch : condition.branches()) {
      budget.at(branch.line());
      if (evaluator.isTrue(branch.test(), scope)) {
        return run(branch.body(), scope, out);
      }
    }
    return run(condition.otherwise(), scope, out);
  }

  private Then loop(Statement.For loop, Scope scope, StringBuilder out) {
    Value iterable = evaluator.value(loop.iterable(), scope);
    List<Value> items = operators().items(iterable);
    if (loop.filter().isPresent()) {
      List<Value> kept = new ArrayList<>();
      for (Value item : items) {
        Scope inner = scope.inner();
        assign(loop.target(), item, inner);
        if (evaluator.isTrue(loop.filter().get(), inner)) {
          kept.add(item);
        }
      }
      items = kept;
    }
    if (items.isEmpty()) {
      return run(loop.otherwise(), scope.inner(), out);
    }
    Loop state = new Loop(items, operators());
    for (int i = 0; i < items.size(); i++) {
      Scope inner = scope.inner();
      assign(loop.target(), items.get(i), inner);
      inner.set("loop", state.at(i));
      if (run(loop.body(), inner, out) == Then.BREAK) {
        break;
      }
    }
    return Then.GO_ON;
  }

  private void assign(Statement.Target target, Value value, Scope scope) {
    switch (target) {
      case Statement.Target.Variable(String name) -> scope.set(name, value);
      case Statement.Target.Member(String namespace, String name) -> {
        if (!(scope.get(namespace) instanceof Value.Namespace members)) {
          throw new IllegalArgumentException(
              "'%s' is no namespace, so its attribute '%s' cannot be set"
                  .formatted(namespace, name));
        }
        members.set(name, value);
      }
      case Statement.Target.Several(List<Statement.Target> targets) -> {
        List<Value> values = operators().items(Operators.requireDefined(value));
        if (values.size() != targets.size()) {
          throw new IllegalArgumentException(
              "%d values are assigned to %d variables".formatted(values.size(), targets.size()));
        }
        for (int i = 0; i < targets.size(); i++) {
          assign(targets.get(i), values.get(i), scope);
        }
      }
    }
  }

  /// A macro sees the variables around the place where it stands, with the values that they have
  /// when it is called.
  private Value.Function function(Statement.Macro macro, Scope scope) {
    return given -> {
      int line = budget.line();
      Scope inner = scope.inner();
      SequencedMap<String, Value> named = new LinkedHashMap<>(given.named());
      List<Value> positional = given.positional();
      if (positional.size() > macro.parameters().size()) {
        throw new IllegalArgumentException(
            "the macro '%s' takes %d arguments, %d are given"
                .formatted(macro.name(), macro.parameters().size(), positional.size()));
      }
      for (int i = 0; i < macro.parameters().size(); i++) {
        Statement.Parameter parameter = macro.parameters().get(i);
        Optional<Value> own =
            i < positional.size()
                ? Optional.of(positional.get(i))
                : Optional.ofNullable(named.remove(parameter.name()));
        inner.set(parameter.name(), own.orElseGet(() -> standard(parameter, inner)));
      }
      if (!named.isEmpty()) {
        throw new IllegalArgumentException(
            "the macro '%s' takes no argument '%s' here"
                .formatted(macro.name(), named.firstEntry().getKey()));
      }
      String text = text(macro.body(), inner);
      budget.at(line);
      return budget.made(text);
    };
  }

  private Value standard(Statement.Parameter parameter, Scope scope) {
    return parameter.standard().isPresent()
        ? evaluator.value(parameter.standard().get(), scope)
        : new Value.Undefined(
            "the parameter '%s' was not given"
                .formatted(Value.Undefined.shortened(parameter.name())));
  }
}
