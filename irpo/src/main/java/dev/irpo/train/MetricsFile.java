package dev.irpo.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.events.EventRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// `metrics.jsonl`, a line per step with its checksum ([SummedText]), and beside it an events file
/// with the same numbers for TensorBoard ([EventRecords]).
///
/// The events follow from the lines: a training that is resumed writes those of the lines that stay
/// anew, so no step is there twice or missing.
public final class MetricsFile implements AutoCloseable {
  /// Name of the events file.
  public static final String EVENTS = EventRecords.PREFIX + "irpo";

  /// A character a byte: a damaged line need not be text.
  private static final Charset BYTES = StandardCharsets.ISO_8859_1;

  private static final String STEP = "step";

  private final AppendedFile lines;
  private final AppendedFile events;

  private MetricsFile(AppendedFile lines, AppendedFile events) {
    this.lines = lines;
    this.events = events;
  }

  /// Lines from the first step on that are what was written, one for each step.
  static int wholeLines(Path path) throws IOException {
    int lines = 0;
    for (ObjectNode line : SummedText.wholeLines(path)) {
      if (line.path(STEP).asInt(-1) != lines + 1) {
        break;
      }
      lines++;
    }
    return lines;
  }

  /// Continues after the line of a step; lines of later steps, which are repeated, are dropped.
  public static MetricsFile continueAt(Path path, int step) throws IOException {
    byte[] events = events(SummedText.wholeLines(path).stream().limit(step).toList());
    List<String> lines = Files.exists(path) ? Files.readAllLines(path, BYTES) : List.of();
    String kept = String.join("", lines.stream().limit(step).map(line -> line + "\n").toList());
    AppendedFile metrics = AppendedFile.begin(path, kept.getBytes(BYTES));
    try {
      return new MetricsFile(metrics, AppendedFile.begin(path.resolveSibling(EVENTS), events));
    } catch (IOException e) {
      metrics.close();
      throw e;
    }
  }

  private static byte[] events(List<ObjectNode> lines) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(EventRecords.version());
    for (ObjectNode line : lines) {
      SequencedMap<String, Number> values = new LinkedHashMap<>();
      line.properties()
          .forEach(metric ->
              values.put(metric.getKey(), Double.valueOf(metric.getValue().asText()))); // or "NaN"
      values.remove(STEP);
      bytes.writeBytes(EventRecords.scalars(line.path(STEP).asLong(), values));
    }
    return bytes.toByteArray();
  }

  /// Adds a step.
  public void append(StepMetrics step) throws IOException {
    lines.append(SummedText.jsonLine(step.line()).getBytes(StandardCharsets.UTF_8));
    events.append(EventRecords.scalars(step.step(), step.values()));
  }

  /// Makes what is written safe on the disk.
  public void sync() throws IOException {
    lines.sync();
    events.sync();
  }

  @Override
  public void close() throws IOException {
    try (events) {
      lines.close();
    }
  }
}
