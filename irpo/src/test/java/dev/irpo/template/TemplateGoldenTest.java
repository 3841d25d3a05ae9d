package dev.irpo.template;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Templates give the texts that transformers gives, and are refused where it refuses them.
class TemplateGoldenTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  static final String REFUSED = "refused";

  static JsonNode golden() throws IOException {
    return MAPPER.readTree(GoldenFiles.path("chat-templates.json").toFile());
  }

  static Map<String, Value> variables(JsonNode object) {
    Map<String, Value> variables = new LinkedHashMap<>();
    object
        .properties()
        .forEach(entry ->
            variables.put(
                entry.getKey(), Value.of(MAPPER.convertValue(entry.getValue(), Object.class))));
    return variables;
  }

  static String text(String template, Map<String, Value> variables, LocalDate today) {
    try {
      return Template.parse(template).render(variables, today);
    } catch (TemplateException e) {
      assertTrue(e.getMessage().matches("line [1-9][0-9]*: .+"), e.getMessage());
      return REFUSED;
    }
  }

  private static String expected(JsonNode text) {
    return text.isNull() ? REFUSED : text.textValue();
  }

  @Test
  void expressionsAreWhatTheyAreInJinja() throws IOException {
    JsonNode golden = golden();
    LocalDate today = LocalDate.parse(golden.get("date").asText());
    Map<String, Value> variables = variables(golden.get("variables"));
    List<Executable> rows = new ArrayList<>();
    for (JsonNode row : golden.get("expressions")) {
      String template = row.get(0).asText();
      rows.add(
          () -> assertEquals(expected(row.get(1)), text(template, variables, today), template));
    }
    assertTrue(rows.size() > 150, () -> "only " + rows.size());
    assertAll(rows);
  }

  @Test
  void templatesInTheMannerOfPublishedOnesGiveTheSamePrompts() throws IOException {
    JsonNode golden = golden();
    LocalDate today = LocalDate.parse(golden.get("date").asText());
    List<Executable> rows = new ArrayList<>();
    for (JsonNode template : golden.get("templates")) {
      for (Map.Entry<String, JsonNode> text : template.get("texts").properties()) {
        String[] name = text.getKey().split(" ", -1);
        Map<String, Value> variables = variables(golden.get("tokens"));
        JsonNode messages = golden.get("conversations").get(name[0]);
        variables.put("messages", Value.of(MAPPER.convertValue(messages, Object.class)));
        variables.put("tools", Value.NONE);
        variables.put("documents", Value.NONE);
        variables.put("add_generation_prompt", Value.of(name[1].equals("True")));
        rows.add(() ->
            assertEquals(
                expected(text.getValue()),
                text(template.get("template").asText(), variables, today),
                template.get("name") + " " + text.getKey()));
      }
    }
    assertTrue(rows.size() > 100, () -> "only " + rows.size());
    assertAll(rows);
  }
}
