package dev.irpo.template;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads statements.
final class Parser {
  private final Tokens tokens;
  private final ExpressionParser expressions;
  private int depth;
  private int loops;

  private Parser(Tokens tokens) {
    this.tokens = tokens;
    expressions = new ExpressionParser(tokens);
  }

  /// @throws TemplateException in one line if it is no template, or has what is not read here
  static List<Statement> parse(String source) {
    Parser parser = new Parser(new Tokens(Lexer.tokens(source)));
    return parser.body(Set.of());
  }

  /// Statements up to one of these, whose name is then the current token; up to the end of the
  /// template where there are none.
  private List<Statement> body(Set<String> ends) {
    depth++;
    if (depth > Budget.MAX_DEPTH) {
      throw tokens.mistake("is nested more than %d deep".formatted(Budget.MAX_DEPTH));
    }
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> body.add(new Statement.Data(token.line(), token.text()));
        case VARIABLE_BEGIN -> {
          body.add(new Statement.Output(token.line(), expressions.tuple()));
          var _ = tokens.expect(Token.Kind.VARIABLE_END, "'}}'");
        }
        case BLOCK_BEGIN -> {
          Token name = tokens.current();
          if (name.kind() == Token.Kind.NAME && ends.contains(name.text())) {
            depth--;
            return body;
          }
          body.add(statement());
          endBlock();
        }
        default -> {
          if (!ends.isEmpty()) {
            throw tokens.mistake(
                "the template ends before %s"
                    .formatted(String.join(" or ", ends.stream().sorted().toList())));
          }
          depth--;
          return body;
        }
      }
    }
  }

  private List<Statement> bodyTo(String end) {
    endBlock();
    List<Statement> body = body(Set.of(end));
    tokens.expectName(end);
    return body;
  }

  /// A body that no `break` or `continue` may leave.
  private List<Statement> bodyOutsideLoops(String end) {
    int outside = loops;
    loops = 0;
    List<Statement> body = bodyTo(end);
    loops = outside;
    return body;
  }

  private void endBlock() {
    var _ = tokens.expect(Token.Kind.BLOCK_END, "'%}'");
  }

  private Statement statement() {
    Token tag = tokens.expect(Token.Kind.NAME, "the name of a statement");
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> condition(line);
      case "for" -> loop(line);
      case "set" -> assignment(line);
      case "macro" -> macro(line);
      case "filter" -> {
        Expression printed = expressions.operands().filter(new Expression.Name(Statement.PRINTED));
        printed = expressions.operands().moreFilters(printed);
        yield new Statement.FilterBlock(line, printed, bodyOutsideLoops("endfilter"));
      }
      case "with" -> {
        List<Statement.Assign> variables = variables(line);
        yield new Statement.Scoped(line, variables, bodyTo("endwith"));
      }
      case "generation" -> new Statement.Scoped(line, List.of(), bodyTo("endgeneration"));
      case "break" -> {
        requireLoop(tag);
        yield new Statement.Break(line);
      }
      case "continue" -> {
        requireLoop(tag);
        yield new Statement.Continue(line);
      }
      default ->
          throw new TemplateException(
              line, "the statement '%s' is not read or stands alone".formatted(tag.text()));
    };
  }

  private void requireLoop(Token tag) {
    if (loops == 0) {
      throw new TemplateException(tag.line(), "'%s' is in no loop".formatted(tag.text()));
    }
  }

  private Statement condition(int line) {
    List<Statement.Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    int branchLine = line;
    while (true) {
      Expression test = expressions.tupleWithoutIf();
      endBlock();
      branches.add(new Statement.Branch(branchLine, test, body(Set.of("elif", "else", "endif"))));
      Token next = tokens.next();
      if (next.text().equals("elif")) {
        branchLine = next.line();
        continue;
      }
      if (next.text().equals("else")) {
        otherwise = bodyTo("endif");
      }
      return new Statement.If(line, branches, otherwise);
    }
  }

  private Statement loop(int line) {
    Statement.Target target = target();
    tokens.expectName("in");
    Expression iterable = expressions.tupleWithoutIf();
    Optional<Expression> filter =
        tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
    if (tokens.current().isName("recursive")) {
      throw tokens.mistake("a recursive 'for' is not read");
    }
    endBlock();
    loops++;
    List<Statement> body = body(Set.of("endfor", "else"));
    loops--;
    List<Statement> otherwise = tokens.next().text().equals("else") ? bodyTo("endfor") : List.of();
    return new Statement.For(line, target, iterable, filter, body, otherwise);
  }

  /// One name, an attribute of one, or several with commas.
  private Statement.Target target() {
    List<Statement.Target> targets = new ArrayList<>();
    boolean isSeveral = false;
    while (true) {
      targets.add(oneTarget());
      if (!tokens.skipOperator(",")) {
        break;
      }
      isSeveral = true;
      Token next = tokens.current();
      boolean begins = next.kind() == Token.Kind.NAME || next.isOperator("(");
      if (!begins || next.isName("in")) {
        break;
      }
    }
    return isSeveral ? new Statement.Target.Several(targets) : targets.getFirst();
  }

  private Statement.Target oneTarget() {
    if (tokens.skipOperator("(")) {
      depth++;
      if (depth > Budget.MAX_DEPTH) {
        throw tokens.mistake("is nested more than %d deep".formatted(Budget.MAX_DEPTH));
      }
      Statement.Target inside = target();
      depth--;
      tokens.expectOperator(")");
      return inside;
    }
    Token name = variable();
    if (tokens.skipOperator(".")) {
      String member = tokens.expect(Token.Kind.NAME, "a name").text();
      return new Statement.Target.Member(name.text(), member);
    }
    return new Statement.Target.Variable(name.text());
  }

  private Token variable() {
    Token name = tokens.expect(Token.Kind.NAME, "the name of a variable");
    if (Arrays.asList("true", "false", "none", "True", "False", "None").contains(name.text())) {
      throw new TemplateException(name.line(), "'%s' cannot be assigned to".formatted(name.text()));
    }
    return name;
  }

  private Statement assignment(int line) {
    Statement.Target target = target();
    if (tokens.skipOperator("=")) {
      return new Statement.Assign(line, target, expressions.tuple());
    }
    Expression printed = expressions.operands().moreFilters(new Expression.Name(Statement.PRINTED));
    return new Statement.AssignBlock(line, target, printed, bodyOutsideLoops("endset"));
  }

  private List<Statement.Assign> variables(int line) {
    List<Statement.Assign> variables = new ArrayList<>();
    while (tokens.current().kind() != Token.Kind.BLOCK_END) {
      if (!variables.isEmpty()) {
        tokens.expectOperator(",");
      }
      Statement.Target target = oneTarget();
      tokens.expectOperator("=");
      variables.add(new Statement.Assign(line, target, expressions.expression()));
    }
    return variables;
  }

  private Statement macro(int line) {
    String name = variable().text();
    tokens.expectOperator("(");
    List<Statement.Parameter> parameters = new ArrayList<>();
    while (!tokens.skipOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      String parameter = variable().text();
      boolean hasStandard = tokens.skipOperator("=");
      if (!hasStandard && !parameters.isEmpty() && parameters.getLast().standard().isPresent()) {
        throw tokens.mistake(
            "the parameter '%s' has no value, one before it has".formatted(parameter));
      }
      parameters.add(
          new Statement.Parameter(
              parameter, hasStandard ? Optional.of(expressions.expression()) : Optional.empty()));
    }
    expressions.operands().enterMacro();
    List<Statement> body = bodyOutsideLoops("endmacro");
    expressions.operands().leaveMacro();
    return new Statement.Macro(line, name, parameters, body);
  }
}
