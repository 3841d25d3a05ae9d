package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.events.EventsFile;
import dev.irpo.provenance.StartsFile;
import dev.irpo.train.MetricsFile;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What must not depend on interruptions and damage: everything in a run folder but the speed in
/// metrics, in their events and in the report, which has a date too, damaged files that are kept,
/// and `starts.jsonl`, which says how often, when and on what the program was started. That there
/// is a report counts.
public final class RunContents {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final String SPEED = "tokensPerSecond";

  private RunContents() {}

  /// Every file with a checksum of it.
  public static Map<String, String> of(Path root) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = root.relativize(file).toString();
        if (!name.contains(".damaged") && !name.equals(StartsFile.NAME)) {
          boolean isMetrics = file.endsWith("metrics.jsonl");
          if (file.endsWith(MetricsFile.EVENTS)) {
            contents.put(name, EventsFile.read(file, SPEED).toString());
          } else {
            byte[] bytes = isMetrics ? withoutSpeed(file) : Files.readAllBytes(file);
            contents.put(name, name.equals("report.html") ? report(bytes) : checksum(bytes));
          }
        }
      }
    }
    return contents;
  }

  /// Deletes a folder.
  static void delete(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static byte[] withoutSpeed(Path metrics) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line : Files.readAllLines(metrics)) {
      ObjectNode step = (ObjectNode) MAPPER.readTree(line);
      assertTrue(step.remove(SPEED).asDouble() > 0);
      assertNotNull(step.remove("crc32c"));
      text.append(step).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String report(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    assertTrue(text.startsWith("<!DOCTYPE html>") && text.endsWith("</html>\n"));
    return "a report";
  }

  private static String checksum(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return bytes.length + " bytes " + new BigInteger(1, digest).toString(16);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
