package dev.irpo.template;

import java.util.List;
import java.util.Optional;

/// What a template does, in its order.
sealed interface Statement {
  /// The line on which it begins, from 1.
  int line();

  /// Prints a text.
  record Data(int line, String text) implements Statement {}

  /// `{{ … }}`.
  record Output(int line, Expression expression) implements Statement {}

  /// `{% if %}`, with its `elif`.
  record If(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {}

  /// A condition with what follows where it is the first that holds.
  record Branch(int line, Expression test, List<Statement> body) {}

  /// `{% for %}`.
  record For(
      int line,
      Target target,
      Expression iterable,
      Optional<Expression> filter,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  /// `{% break %}`.
  record Break(int line) implements Statement {}

  /// `{% continue %}`.
  record Continue(int line) implements Statement {}

  /// `{% set target = value %}`.
  record Assign(int line, Target target, Expression value) implements Statement {}

  /// `{% set target %}…{% endset %}`.
  ///
  /// @param printed what is assigned, over [#PRINTED]
  record AssignBlock(int line, Target target, Expression printed, List<Statement> body)
      implements Statement {}

  /// `{% filter %}…{% endfilter %}`.
  ///
  /// @param printed what is printed instead, over [#PRINTED]
  record FilterBlock(int line, Expression printed, List<Statement> body) implements Statement {}

  /// Statements with variables of their own: `{% with %}`, `{% generation %}`.
  record Scoped(int line, List<Assign> variables, List<Statement> body) implements Statement {}

  /// `{% macro %}`.
  record Macro(int line, String name, List<Parameter> parameters, List<Statement> body)
      implements Statement {}

  /// A parameter of a macro.
  record Parameter(String name, Optional<Expression> standard) {}

  /// The name that no template can spell of what a block printed.
  String PRINTED = "#printed";

  /// What is assigned to.
  sealed interface Target {
    /// A variable.
    record Variable(String name) implements Target {}

    /// An attribute of a namespace.
    record Member(String namespace, String name) implements Target {}

    /// Several, each of which takes an item.
    record Several(List<Target> targets) implements Target {}
  }
}
