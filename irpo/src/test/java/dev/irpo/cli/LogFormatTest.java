package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFormatTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path temporary;

  @AfterEach
  void chooseText() {
    LogFormat.choose();
  }

  /// The lines of a text, each of which is an object with time and level.
  private static List<JsonNode> objects(String text) throws IOException {
    List<JsonNode> objects = new ArrayList<>();
    for (String line : text.lines().toList()) {
      JsonNode object = MAPPER.readTree(line);
      Instant.parse(object.get("time").textValue());
      System.Logger.Level.valueOf(object.get("level").textValue());
      objects.add(object);
    }
    return objects;
  }

  private static String logged(LogRecord event) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
      new LogLines().publish(event);
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theOptionMayStandAnywhereAndInBothForms() {
    LogFormat.choose("run", "--log-format", "JSON", "--out", "x");
    assertEquals(LogFormat.JSON, LogFormat.chosen());
    LogFormat.choose("--log-format=json", "run");
    assertEquals(LogFormat.JSON, LogFormat.chosen());
    LogFormat.choose("run", "--log-format", "text");
    assertEquals(LogFormat.TEXT, LogFormat.chosen());
    LogFormat.choose("run", "--log-format");
    assertEquals(LogFormat.TEXT, LogFormat.chosen());
  }

  @Test
  void anotherFormatIsRefused() {
    CommandLineRun.of("", "config", "--log-format", "xml").requireRefused("--log-format", "xml");
  }

  @Test
  void anEvaluationTellsItsAccuraciesAsText() throws IOException {
    CommandLineRun run = eval("--log-format", "text");
    JsonNode greedy = run.lines().getFirst().get("greedy");
    assertTrue(greedy.get("accuracy").asDouble() > 0, run.out());
  }

  @Test
  void anEvaluationTellsItsAccuraciesToPrograms() throws IOException {
    CommandLineRun run = eval("--log-format", "json");
    JsonNode result = run.lines().getFirst();
    List<JsonNode> log = objects(run.err());
    JsonNode begin = log.getFirst();
    assertEquals("begin", begin.get("event").textValue());
    assertEquals(0, begin.get("done").asInt());
    JsonNode end = log.getLast();
    assertEquals("end", end.get("event").textValue());
    assertEquals("evaluate", end.get("stage").textValue());
    assertEquals(8 * (1 + 3), end.get("total").asInt());
    assertEquals(end.get("total"), end.get("done"));
    assertTrue(end.get("seconds").asDouble() > 0);
    JsonNode metrics = end.get("metrics");
    for (String name : List.of("greedy", "majority")) {
      assertEquals(result.get(name).get("accuracy"), metrics.get(name));
      assertEquals(result.get(name).get("standardError"), metrics.get(name + "StandardError"));
      assertEquals(8, metrics.get(name + "Problems").asInt());
    }
    assertTrue(
        end.get("message")
            .textValue()
            .matches("greedy \\d+\\.\\d ± \\d+\\.\\d %, majority of 3: \\d+\\.\\d ± \\d+\\.\\d %"),
        end.toString());
  }

  private CommandLineRun eval(Object... more) throws IOException {
    Path model = temporary.resolve("model");
    EmbeddedModel.copyTo(model);
    List<Object> arguments = new ArrayList<>(List.of("eval", "--model", model, "--preset", "demo"));
    for (String setting :
        List.of("task.testProblems=8", "evaluate.majoritySamples=3", "rollouts.slots=8")) {
      arguments.addAll(List.of("--set", setting));
    }
    arguments.addAll(List.of(more));
    return CommandLineRun.of("", arguments.toArray());
  }

  @Test
  void aStageOfUnknownLengthHasNoTotal() throws IOException {
    Path model = temporary.resolve("model");
    EmbeddedModel.copyTo(model);
    String line = "{\"promptIds\":[1],\"responseIds\":[3]}\n";
    CommandLineRun run =
        CommandLineRun.of(line.repeat(257), "score", "--model", model, "--log-format", "json");
    assertEquals(257, run.lines().size());
    JsonNode end = objects(run.err()).getLast();
    assertEquals("score", end.get("stage").textValue());
    assertEquals("end", end.get("event").textValue());
    assertEquals(257, end.get("done").asInt());
    assertFalse(end.has("total"), end.toString());
  }

  @Test
  void mistakesAreObjectsToo() throws IOException {
    CommandLineRun unknown = CommandLineRun.of("", "--log-format", "json", "config", "--sett");
    assertEquals(2, unknown.code());
    JsonNode object = objects(unknown.err()).getFirst();
    assertEquals("ERROR", object.get("level").textValue());
    assertTrue(object.get("message").textValue().contains("--sett"), object.toString());

    CommandLineRun missing =
        CommandLineRun.of("", "inspect", temporary.resolve("nothing"), "--log-format=json");
    assertEquals(2, missing.code());
    List<JsonNode> lines = objects(missing.err());
    assertEquals(1, lines.size());
    assertTrue(lines.getFirst().get("message").textValue().contains("nothing"), missing.err());
  }

  @Test
  void whatIsDroppedIsAWarning() throws IOException {
    Path model = temporary.resolve("tiny");
    try (Backend backend = new CpuBackend(1)) {
      TestData.tinyModel(backend).save(model);
    }
    Path data = temporary.resolve("data.jsonl");
    String ids = "1,".repeat(5000) + "1";
    Files.writeString(
        data,
        "{\"promptIds\":[1],\"responseIds\":[3]}\n{\"promptIds\":[1],\"responseIds\":[%s]}\n"
            .formatted(ids));
    CommandLineRun run =
        CommandLineRun.of(
            "",
            "sft",
            "--model",
            model,
            "--data",
            data,
            "--out",
            temporary.resolve("out"),
            "--set",
            "train.steps=2",
            "--log-format",
            "json");
    run.requireSuccess();
    List<JsonNode> log = objects(run.err());
    assertTrue(
        log.stream()
            .anyMatch(line ->
                line.get("level").textValue().equals("WARNING")
                    && line.get("message").textValue().contains("dropped 1 of 2 as too long")),
        run.err());
    JsonNode end = log.getLast();
    assertEquals("sft", end.get("stage").textValue());
    assertEquals(2, end.get("done").asInt());
    assertTrue(end.get("metrics").get("loss").asDouble() > 0, end.toString());
  }

  @Test
  void whatIsLoggedIsALineInEitherFormat() throws IOException {
    LogRecord event = new LogRecord(Level.WARNING, "a \"b\"");
    event.setInstant(Instant.EPOCH);
    String text = logged(event);
    assertTrue(text.matches("\\d\\d:\\d\\d:\\d\\d WARNING a \"b\"\\R"), text);
    LogFormat.choose("--log-format=json");
    JsonNode object = objects(logged(event)).getFirst();
    assertEquals("WARNING", object.get("level").textValue());
    assertEquals("a \"b\"", object.get("message").textValue());
    assertFalse(object.has("stackTrace"));
    event.setThrown(new IllegalStateException("why"));
    JsonNode thrown = objects(logged(event)).getFirst();
    assertTrue(thrown.get("stackTrace").textValue().contains("IllegalStateException: why"));
  }
}
