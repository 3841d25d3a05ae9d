package dev.irpo.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.checkpoints.files.WriteFailure;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// `metrics.jsonl`, a line per step with its checksum ([SummedText]).
public final class MetricsFile implements AutoCloseable {
  /// A character a byte: a damaged line need not be text.
  private static final Charset BYTES = StandardCharsets.ISO_8859_1;

  private final Path path;
  private final FileChannel file;
  private final OutputStream buffered;

  private MetricsFile(Path path, FileChannel file) {
    this.path = path;
    this.file = file;
    buffered = new BufferedOutputStream(Channels.newOutputStream(file));
  }

  /// Lines from the first step on that are what was written, one for each step.
  static int wholeLines(Path path) throws IOException {
    int lines = 0;
    for (ObjectNode line : SummedText.wholeLines(path)) {
      if (line.path("step").asInt(-1) != lines + 1) {
        break;
      }
      lines++;
    }
    return lines;
  }

  /// Continues after the line of a step; lines of later steps, which are repeated, are dropped.
  public static MetricsFile continueAt(Path path, int step) throws IOException {
    List<String> lines = Files.exists(path) ? Files.readAllLines(path, BYTES) : List.of();
    String kept = String.join("", lines.stream().limit(step).map(line -> line + "\n").toList());
    AtomicFiles.writeFile(path, temporary -> Files.writeString(temporary, kept, BYTES));
    return new MetricsFile(path, FileChannel.open(path, StandardOpenOption.APPEND));
  }

  /// Adds a line.
  public void append(StepMetrics step) throws IOException {
    byte[] line = SummedText.jsonLine(step.line()).getBytes(StandardCharsets.UTF_8);
    try {
      buffered.write(line);
    } catch (IOException e) {
      throw WriteFailure.of(path, e);
    }
  }

  /// Makes what is written safe on the disk.
  public void sync() throws IOException {
    try {
      buffered.flush();
      file.force(true);
    } catch (IOException e) {
      throw WriteFailure.of(path, e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      buffered.close();
    } catch (IOException e) {
      throw WriteFailure.of(path, e);
    }
  }
}
