package dev.irpo.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateTest {
  private static final LocalDate TODAY = LocalDate.of(2024, 2, 29);

  private static String text(String template) {
    return Template.parse(template).render(Map.of("messages", Value.of(List.of())), TODAY);
  }

  private static String refusal(String template) {
    return assertThrows(TemplateException.class, () -> text(template), template).getMessage();
  }

  private static void requireRefused(String template, String... parts) {
    String message = refusal(template);
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
    assertEquals(1, message.lines().count(), message);
  }

  @Test
  void whatIsNotReadIsRefusedByNameWithItsLine() {
    requireRefused("a\n\n{% include 'x' %}", "line 3: ", "'include'");
    requireRefused("{% extends 'x' %}", "line 1: ", "'extends'");
    requireRefused("\n{% call m() %}{% endcall %}", "line 2: ", "'call'");
    requireRefused("{% for x in [1] recursive %}{% endfor %}", "recursive");
    requireRefused("{{ 'a'\n|batch(2) }}", "'batch'");
    requireRefused("{{ 1 is escaped }}", "'escaped'");
    requireRefused("{{ '{}'.format(1) }}", "'format'");
    requireRefused("{{ '%s' % 1 }}", "'%'", "use ~");
    requireRefused("{{ f(*x) }}", "arguments with *");
    requireRefused("{{ cycler(1) }}", "'cycler'");
    requireRefused("{{ 99999999999999999999 }}", "99999999999999999999 is too large");
    requireRefused("{{ strftime_now('%Z') }}", "'%Z'");
  }

  @Test
  void theLineOfAMistakeIsThatOfItsStatementAlsoAfterAMacro() {
    requireRefused("{% set x = 1 %}\n{{ x }}\n{{ x.y.z }}", "line 3: a int has no 'y'");
    requireRefused(
        "{% macro m() %}\n\n{{ 1 }}{% endmacro %}\n{{ m() + 1 }}", "line 4: there is no str + int");
    requireRefused("{% if true %}\n{% elif\nx %}", "the template ends before");
    requireRefused("{% if false %}\n{% elif x.y %}{% endif %}", "line 2: 'x' is undefined");
  }

  @Test
  void whatATemplateSaysItselfIsInTheLine() {
    requireRefused(
        "{{ raise_exception('take\nturns') }}", "line 1: the template refuses this: take turns");
  }

  @Test
  void nothingOfJavaCanBeReached() {
    for (String name :
        List.of(
            "class", "getClass", "hashCode", "__class__", "__init__", "mro", "value", "items")) {
      for (String value :
          List.of("''", "1", "[]", "none", "raise_exception", "namespace()", "range")) {
        String template = "{{ %s.%s.%s }}".formatted(value, name, name);
        String found;
        try {
          found = text(template);
        } catch (TemplateException refused) {
          continue;
        }
        assertEquals("", found, template);
      }
    }
  }

  @Test
  void aTemplateThatTakesTooMuchEndsInALine() {
    requireRefused("{% for i in range(100001) %}{% endfor %}", "more than 100000 items");
    String loops = "{% for i in range(100000) %}".repeat(4) + "{% endfor %}".repeat(4);
    requireRefused(loops, "more than 1000000 steps");
    requireRefused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "levels deep");
    requireRefused("{{ 'a' * 99999999 }}", "more than 4194304 characters");
    requireRefused("{{ [0] * 99999999 }}", "more than 100000 items");
    requireRefused("{{ 2 ** 64 }}", "** of numbers");
    requireRefused(
        "{% set ns = namespace(x='ab') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "more than 4194304 characters");
    requireRefused(
        "{% set ns = namespace(x='ab') %}{% for i in range(40) %}{% set ns.x = ns.x.replace('a', ns.x) %}{% endfor %}",
        "more than");
    String doubled =
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
    requireRefused(doubled + "{{ ns.x }}", "more than");
    requireRefused(doubled + "{{ ns.x|tojson }}", "more than");
    requireRefused(doubled + "{{ ns.x == [ns.x[0], ns.x[1]] }}", "more than");
    String nested =
        "{% set ns = namespace(x=[1]) %}{% for i in range(2000) %}{% set ns.x = [ns.x] %}{% endfor %}";
    requireRefused(nested + "{{ ns.x }}", "nested more than 100 deep");
    requireRefused(nested + "{{ ns.x|tojson }}", "nested more than 100 deep");
    requireRefused(nested + "{{ ns.x < [ns.x] }}", "nested more than 100 deep");
    requireRefused("{% set y %}" + loops + "{% endset %}", "more than 1000000 steps");
    requireRefused("x".repeat((1 << 22) + 1), "4194305 characters");
  }

  @Test
  void whatIsNestedTooDeepIsRefusedBeforeItRuns() {
    for (String[] around :
        new String[][] {
          {"{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}"},
          {"{{ " + "[".repeat(5000) + "]".repeat(5000) + " }}"},
          {"{{ " + "not ".repeat(5000) + "1 }}"},
          {"{{ " + "- ".repeat(5000) + "1 }}"},
          {"{% if 1 %}".repeat(5000) + "{% endif %}".repeat(5000)},
          {"{% set " + "(".repeat(5000) + "a" + ")".repeat(5000) + " = 1 %}"},
          {"{{ " + "{'a': ".repeat(5000) + "1" + "}".repeat(5000) + " }}"},
          {"{{ a" + "[a".repeat(5000) + "]".repeat(5000) + " }}"},
          {"{{ 1" + " if 1 else 1".repeat(5000) + " }}"}
        }) {
      requireRefused(around[0], "nested more than 150 deep");
    }
    requireRefused("{{ 1" + " + 1".repeat(5000) + " }}", "levels deep");
    requireRefused("{{ 'a'" + ".upper()".repeat(5000) + " }}", "levels deep");
    requireRefused("{{ 'a'" + "|upper".repeat(5000) + " }}", "levels deep");
    requireRefused("{{ 1" + " and 1".repeat(5000) + " }}", "levels deep");
  }

  @Test
  void theDateIsTheOneThatIsGiven() {
    assertEquals("29 Feb 2024", text("{{ strftime_now('%d %b %Y') }}"));
  }

  @Test
  void aRenderingLeavesNothingForTheNext() {
    Template template = Template.parse("{{ x is defined }}{% set x = 1 %}{{ x }}");
    for (int i = 0; i < 2; i++) {
      assertEquals("False1", template.render(Map.of(), TODAY));
    }
  }

  @Test
  void onlyValuesOfTemplatesGoIn() {
    assertThrows(IllegalArgumentException.class, () -> Value.of(new Object()));
    assertThrows(IllegalArgumentException.class, () -> Value.of(Map.of("a", List.of('c'))));
  }
}
