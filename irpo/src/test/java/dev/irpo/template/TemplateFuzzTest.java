package dev.irpo.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Damaged templates end in a text or in one line, nothing else.
class TemplateFuzzTest {
  private static final int TEMPLATES = 6000;
  private static final String[] PIECES = {
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ".",
    ":",
    "'",
    "\"",
    " if ",
    " for ",
    " in ",
    " is ",
    " not ",
    " set ",
    "\\",
    "\n",
    "~",
    "**",
    "//",
    "::-1",
    "🙂",
    "9",
    "1e400",
    "endfor",
    "endif",
    "else",
    "macro ",
    "range(99999)",
    "|tojson",
    "|sort",
    "none",
    "\0"
  };

  private static String damaged(String template, List<String> others, SplittableRandom random) {
    StringBuilder text = new StringBuilder(template);
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(text.length() + 1);
      int end = Math.min(text.length(), at + random.nextInt(12));
      switch (random.nextInt(4)) {
        case 0 -> text.delete(at, end);
        case 1 -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
        case 2 -> text.insert(at, text.substring(at, end));
        default -> {
          String other = others.get(random.nextInt(others.size()));
          int from = random.nextInt(other.length() + 1);
          text.replace(at, end, other.substring(from, Math.min(other.length(), from + 20)));
        }
      }
    }
    return text.toString();
  }

  @Test
  void damagedTemplatesEndInATextOrInOneLine() throws IOException {
    JsonNode golden = TemplateGoldenTest.golden();
    Map<String, Value> variables = TemplateGoldenTest.variables(golden.get("variables"));
    variables.put("messages", Value.of(List.of(Map.of("role", "user", "content", "x"))));
    List<String> templates = new ArrayList<>();
    golden.get("expressions").forEach(row -> templates.add(row.get(0).asText()));
    golden.get("templates").forEach(row -> templates.add(row.get("template").asText()));
    SplittableRandom random = new SplittableRandom(17);
    int refused = 0;
    for (int i = 0; i < TEMPLATES; i++) {
      String text = damaged(templates.get(random.nextInt(templates.size())), templates, random);
      try {
        var _ = Template.parse(text).render(variables, LocalDate.of(2024, 7, 26));
      } catch (TemplateException e) {
        refused++;
        assertEquals(1, e.getMessage().lines().count(), text);
        long line = Long.parseLong(e.getMessage().split("[ :]", -1)[1]);
        assertTrue(line > 0 && line <= 1 + text.length(), text);
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError(text, e);
      }
    }
    assertTrue(refused > TEMPLATES / 4 && refused < TEMPLATES, "refused " + refused);
  }
}
