package dev.irpo.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.files.AtomicFiles;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// `metrics.jsonl`, a line per step.
public final class MetricsFile implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final FileOutputStream file;
  private final OutputStream buffered;

  private MetricsFile(FileOutputStream file) {
    this.file = file;
    buffered = new BufferedOutputStream(file);
  }

  /// Continues after the line of a step; lines of later steps, which are repeated, are dropped.
  public static MetricsFile continueAt(Path path, int step) throws IOException {
    List<String> lines = Files.exists(path) ? Files.readAllLines(path) : List.of();
    String kept = String.join("", lines.stream().limit(step).map(line -> line + "\n").toList());
    AtomicFiles.writeFile(path, temporary -> Files.writeString(temporary, kept));
    return new MetricsFile(new FileOutputStream(path.toFile(), true));
  }

  /// Adds a line.
  public void append(StepMetrics step) throws IOException {
    buffered.write(
        (MAPPER.writeValueAsString(step.line()) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /// Makes what is written safe on the disk.
  public void sync() throws IOException {
    buffered.flush();
    file.getFD().sync();
  }

  @Override
  public void close() throws IOException {
    buffered.close();
  }
}
