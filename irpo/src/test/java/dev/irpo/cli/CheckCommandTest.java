package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.check.AlteredBackend;
import dev.irpo.check.CheckTarget;
import dev.irpo.check.Part;
import dev.irpo.check.SmallCheck;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  private static CheckTarget broken() {
    return SmallCheck.of(() -> AlteredBackend.after("rope", out -> out.set(3, 9)));
  }

  /// What a check prints.
  private record Printed(int code, List<String> lines) {
    static Printed of(CheckTarget target, Set<Part> parts, boolean json) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      PrintStream out = System.out;
      try {
        PrintStream own = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        System.setOut(own);
        CheckOutput output = json ? new CheckJson("here") : new CheckTable(own, "here");
        int code = CheckCommand.run(target, parts, output);
        return new Printed(code, bytes.toString(StandardCharsets.UTF_8).lines().toList());
      } finally {
        System.setOut(out);
      }
    }
  }

  @Test
  void aFailedKernelIsNamedWithDifferenceBoundAndSizesAndTheExitCodeIsOne() throws IOException {
    Printed printed = Printed.of(broken(), EnumSet.of(Part.KERNELS), false);
    assertEquals(1, printed.code());
    assertEquals("here", printed.lines().getFirst());
    List<String> failed =
        printed.lines().stream().filter(line -> line.matches("kernels .* FAILED .*")).toList();
    assertEquals(1, failed.size(), () -> String.join("\n", printed.lines()));
    assertTrue(
        failed
            .getFirst()
            .matches(
                "kernels  ROPE +FAILED +[0-9.]+e[+-]\\d+ +[0-9.]+e-\\d+ +R 13, C 16, .*; out: entry 3 is 9.0, the reference gives .*"),
        failed.getFirst());
    String last = printed.lines().getLast();
    assertTrue(
        last.matches(
            "FAILED in 1 of \\d+ lines: kernels ROPE; ran kernels \\d+\\.\\d s; not asked for: golden, sampler, rates"),
        last);
  }

  @Test
  void whatPassesHasExitCodeZeroAndALineThatSaysWhatRan() throws IOException {
    CheckTarget target = SmallCheck.of(() -> new CpuBackend(2));
    Printed printed = Printed.of(target, EnumSet.of(Part.KERNELS, Part.RATES), false);
    assertEquals(0, printed.code(), () -> String.join("\n", printed.lines()));
    String last = printed.lines().getLast();
    assertTrue(
        last.matches(
            "passed, \\d+ lines; ran kernels \\d+\\.\\d s, rates \\d+\\.\\d s; not asked for: golden, sampler"),
        last);
  }

  @Test
  void aCheckOfNothingIsNoPass() throws IOException {
    CheckTarget target = SmallCheck.roundingFactors(() -> new CpuBackend(1));
    Printed printed = Printed.of(target, EnumSet.of(Part.GOLDEN), false);
    assertEquals(1, printed.code());
    String last = printed.lines().getLast();
    assertTrue(
        last.startsWith("FAILED, nothing ran; ran no part; not run: golden, products round"), last);
  }

  @Test
  void jsonHasAnObjectForEachRowAndOneForAll() throws IOException {
    Printed printed = Printed.of(broken(), EnumSet.of(Part.KERNELS, Part.RATES), true);
    assertEquals(1, printed.code());
    JsonNode rope = null;
    JsonNode linear = null;
    for (String line : printed.lines()) {
      JsonNode row = MAPPER.readTree(line);
      rope = row.path("name").asText().equals("ROPE") && rope == null ? row : rope;
      linear = row.path("name").asText().equals("LINEAR") ? row : linear;
    }
    assertEquals("kernels", rope.get("part").asText());
    assertEquals("FAILED", rope.get("result").asText());
    assertTrue(rope.get("difference").asDouble() > rope.get("allowed").asDouble());
    assertEquals("rates", linear.get("part").asText());
    assertEquals("timed", linear.get("result").asText());
    for (String key :
        List.of("micros", "gigaflopsPerSecond", "gigabytesPerSecond", "rooflineShare")) {
      assertTrue(linear.get(key).asDouble() > 0, key);
    }
    JsonNode summary = MAPPER.readTree(printed.lines().getLast());
    assertEquals("FAILED", summary.get("result").asText());
    assertEquals("kernels ROPE", summary.get("failed").get(0).asText());
    assertEquals(1, summary.get("failed").size());
    assertEquals(printed.lines().size() - 1, summary.get("rows").asInt());
    assertEquals(Part.values().length, summary.get("parts").size());
    assertTrue(summary.get("parts").get(0).get("ran").asBoolean());
    JsonNode unasked = summary.get("parts").get(2);
    assertFalse(unasked.get("ran").asBoolean());
    assertEquals("not asked for", unasked.get("reason").asText());
  }

  @Test
  void theCommandChecksTheBackendThatIsNamed() throws IOException {
    List<JsonNode> lines =
        CommandLineRun.of("", "check", "--parts", "sampler", "--threads", "1", "--json").lines();
    assertEquals(4, lines.size());
    assertEquals("passed", lines.getLast().get("result").asText());
    assertEquals("cpu", lines.getLast().get("backend").asText());
  }

  @Test
  void mistakesAreOneLine() {
    CommandLineRun.of("", "check", "--parts", "kernels,goldn").requireRefused("goldn", "golden");
    CommandLineRun.of("", "check", "--backend", "gpu").requireRefused("--backend", "'gpu'");
    CommandLineRun.of("", "check", "--model", folder.resolve("none"))
        .requireRefused("--model", folder.resolve("none"), "llama-2-7b");
    CommandLineRun.of("", "check", "--threads", "-1").requireRefused("--threads", "-1");
  }

  @Test
  void theGoldenValuesInTheJarAreThoseThatTheReferenceComputes() throws IOException {
    Path file = folder.resolve("golden.json");
    CommandLineRun.of("", "check", "--write-golden", file).requireSuccess();
    try (InputStream stored = CheckTarget.class.getResourceAsStream("golden.json")) {
      requireSame("", MAPPER.readTree(stored), MAPPER.readTree(Files.readAllBytes(file)));
    }
  }

  private static void requireSame(String place, JsonNode expected, JsonNode found) {
    if (expected.isFloatingPointNumber()) {
      double value = expected.asDouble();
      assertEquals(value, found.asDouble(), 1e-6 * Math.abs(value), place);
      return;
    }
    assertEquals(expected.size(), found.size(), place);
    if (!expected.isContainerNode()) {
      assertEquals(expected, found, place);
    }
    for (int i = 0; expected.isArray() && i < expected.size(); i++) {
      requireSame(place + "/" + i, expected.get(i), found.get(i));
    }
    expected
        .properties()
        .forEach(entry ->
            requireSame(
                place + "/" + entry.getKey(), entry.getValue(), found.path(entry.getKey())));
  }
}
