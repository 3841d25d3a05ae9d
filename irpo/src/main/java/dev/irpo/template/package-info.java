/// Chat templates: the part of Jinja that model makers write them in, interpreted as `transformers`
/// does (`apply_chat_template`: `trim_blocks`, `lstrip_blocks`, `break` and `continue`,
/// `generation` blocks, its `tojson`, `raise_exception` and `strftime_now`).
///
/// ```text
/// source ─ Lexer ▶ Tokens ─ Parser ▶ Statement, Expression ─ Renderer, Evaluator ▶ text
/// ```
///
/// A template comes with a model, so it is foreign code. It computes with
/// [dev.irpo.template.Value]s alone and reaches no object of Java; steps, sizes and nesting have
/// bounds ([dev.irpo.template.Budget]). Whatever it does it ends, with its text or with a
/// [dev.irpo.template.TemplateException] in one line. What is not read here is refused by name.
///
/// Source: Jinja 3.1, `lexer.py`, `parser.py`, `filters.py`, `tests.py`, `sandbox.py`; transformers
/// 5, `chat_template_utils.py`. Where the two languages differ, texts are sequences of code points
/// and numbers print as in Python.
package dev.irpo.template;
