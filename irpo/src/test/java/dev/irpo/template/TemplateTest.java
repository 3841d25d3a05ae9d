package dev.irpo.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.ArrayList;
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
    requireRefused("{{ 'a'.center(9) }}", "'center'");
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
  void messagesCopiesAndSearchesAreCountedBeforeTheyAreMade() {
    assertEquals("100000", text("{{ range(100000)|map(attribute='a' * 4000000)|list|length }}"));
    requireRefused("{{ [1, 2]|sort(attribute=',' * 100000) }}", "more than 100 attributes");
    requireRefused("{{ [1, 2]|sort(attribute='.' * 100000) }}", "more than 100 attributes");
    String steps = "more than 1000000 steps";
    for (String sought :
        List.of(
            "sought in text",
            "text.find(sought)",
            "text.rfind(sought)",
            "text.index(sought)",
            "text.count(sought)",
            "text.split(sought)",
            "text.rsplit(sought)",
            "text.partition(sought)",
            "text.rpartition(sought)",
            "text.replace(sought, 'c')",
            "text|replace(sought, 'c')")) {
      requireRefused(
          "{% set text = 'a' * 4000000 %}{% set sought = 'a' * 2000000 ~ 'b' %}{{ "
              + sought
              + " }}",
          steps);
    }
    String nearTheEnd =
        "{% for i in range(95000) %}" + "{% set x = i %}".repeat(4) + "{% endfor %}";
    assertEquals("1", text(nearTheEnd + "{{ 1 }}"));
    String large = nearTheEnd + "{% set text = 'a,' * 1000000 %}";
    for (String copy :
        List.of(
            "text.removeprefix('a')",
            "text.removesuffix(',')",
            "text.partition('b')",
            "text.rpartition('b')",
            "text.isalpha()",
            "text.isupper()",
            "text.startswith(('b', text))",
            "text is lower",
            "text == text ~ ''",
            "text < text ~ ''",
            "text.strip(text)",
            "text|trim(text)",
            "text.find('b')",
            "text|length",
            "text[::-1000]",
            "strftime_now(text)",
            "{text: 1} == {text ~ '': 1}")) {
      requireRefused(
          large + "{% for i in range(100) %}{% set x = " + copy + " %}{% endfor %}", steps);
    }
    requireRefused("{{ (',' * 4000000).split(',')|length }}", "more than 100000 items");
    requireRefused("{{ (', ' * 2000000).split()|length }}", "more than 100000 items");
    requireRefused("{{ ('\\n' * 4000000).splitlines()|length }}", "more than 100000 items");
    requireRefused("{{ ('\\n' * 4000000)|indent }}", steps);
    requireRefused("{{ strftime_now('%A' * 2000000) }}", "more than");
    String mapping =
        nearTheEnd
            + "{% set ns = namespace(l=[]) %}{% for i in range(400) %}{% set ns.l = ns.l + [(i, i)] %}{% endfor %}{% set d = dict(ns.l) %}";
    for (String copy : List.of("d|first", "dict(d)", "namespace(d)")) {
      requireRefused(
          mapping + "{% for i in range(500) %}{% set x = " + copy + " %}{% endfor %}", steps);
    }
  }

  /// Levels are bounded so that a small stack holds them.
  @Test
  void theDeepestTemplateFitsASmallStackOrEndsInALine() throws InterruptedException {
    List<String> ends = new ArrayList<>();
    String deep =
        "{% macro m(n) %}{% if n %}{{ (m(n - 1))|trim ~ [1, [2]] }}{% endif %}{% endmacro %}";
    String brackets = "{{ " + "(".repeat(70) + "1" + ")".repeat(70) + " }}";
    Runnable all =
        () -> {
          ends.add(text(brackets));
          for (int levels : new int[] {10, 1000}) {
            try {
              ends.add(text(deep + "{{ m(" + levels + ")|length }}"));
            } catch (TemplateException e) {
              ends.add(e.getMessage());
            }
          }
        };
    Thread small = new Thread(null, all, "small stack", 512 << 10);
    small.start();
    small.join();
    assertEquals(List.of("1", "80", "line 1: goes more than 400 levels deep"), ends);
    Thread tiny =
        new Thread(null, () -> ends.add(refusal(deep + "{{ m(1000) }}")), "tiny stack", 144 << 10);
    tiny.start();
    tiny.join();
    assertTrue(ends.getLast().matches("line 1: .*(deep|levels).*"), ends.getLast());
    assertEquals(4, ends.size());
  }

  @Test
  void whatJinjaReadsOnceIsReadOnce() {
    String stream = "{% set s = [1, 2]|select %}";
    assertEquals("1,2", text(stream + "{{ s|join(',') }}"));
    requireRefused(stream + "{{ s|join(',') }}{{ s|list }}", "generator is read again", "|list");
    requireRefused(stream + "{% for x in s %}{% endfor %}{{ 1 in s }}", "generator is read again");
    requireRefused(stream + "{{ s|last }}", "last of a generator", "|list");
    requireRefused(stream + "{{ s }}", "generator is printed", "|list");
    requireRefused(stream + "{{ 'a' ~ s }}", "generator is printed", "|list");
    assertEquals(
        "2,[1, 2],False",
        text("{% set s = [1, 2]|select|list %}{{ s|last }},{{ s }},")
            + text(stream + "{{ s == [1, 2] }}"));
    requireRefused(stream + "{{ s == s }}", "two generators are compared");
  }

  @Test
  void whatIsUndefinedIsSoWithItsReason() {
    assertEquals("", text("{{ {'role': 1}|attr('role') }}{{ {}.update }}{{ [].append }}"));
    assertEquals("1", text("{{ {'role': 1}|attr('get')('role') }}"));
    requireRefused("{{ {'pop': 1}.pop() }}", "'pop' changes a dict");
    requireRefused("{{ [].append(1) }}", "'append' changes a list");
    assertEquals(
        "False,True,3,None",
        text(
            "{{ missing in {1: 2} }},{{ missing not in {} }},{{ {}.get(missing, 3) }},{{ {}.get(missing) }}"));
  }

  @Test
  void noBlockIsLeftByBreakAndNoMacroHasFurtherArguments() {
    for (String leave : List.of("break", "continue")) {
      String inside = "{% " + leave + " %}";
      requireRefused(
          "{% for x in [1] %}{% set y %}" + inside + "{% endset %}{% endfor %}", "is in no loop");
      requireRefused(
          "{% for x in [1] %}{% filter upper %}" + inside + "{% endfilter %}{% endfor %}",
          "is in no loop");
      assertEquals(
          "a1",
          text(
              "{% set y %}{% for x in [1, 2] %}a{% if loop.last %}"
                  + inside
                  + "{% endif %}{% set z %}{% endset %}{{ x }}{% break %}{% endfor %}{% endset %}{{ y }}"));
    }
    requireRefused("{% macro m() %}\n{{ varargs }}{% endmacro %}", "line 2: 'varargs'");
    requireRefused("{% macro m() %}{{ kwargs.x }}{% endmacro %}", "'kwargs'");
    assertEquals("", text("{% macro m() %}{% endmacro %}{{ varargs }}"));
  }

  @Test
  void noControlCharacterOfATemplateReachesAMessage() {
    String message = refusal("{{ raise_exception('a\\x1b[31mb\\u2028c\\x85d\\x07') }}");
    assertEquals("line 1: the template refuses this: a [31mb c d", message);
    for (String start : List.of("", "x")) {
      String cut = refusal("{{ raise_exception('" + start + "🙂".repeat(400) + "') }}");
      assertTrue(cut.endsWith("🙂 …"), cut);
      String name = refusal("{{ ''['" + start + "🙂".repeat(400) + "'].x }}");
      assertTrue(name.contains("🙂 …', so it has no 'x'"), name);
    }
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
