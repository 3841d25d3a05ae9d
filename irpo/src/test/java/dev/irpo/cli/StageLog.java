package dev.irpo.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a process prints with `--log-format json`, followed while it runs: which stages of a run
/// begin and end, and when.
final class StageLog {
  /// What comes before the first stage.
  static final String START = "start";

  private static final Pattern BEGINS =
      Pattern.compile(".*\"stage\":\"\\d+/\\d+ ([^\"]+)\",\"event\":\"begin\".*");

  private final long startNs = System.nanoTime();
  private final List<String> lines = new ArrayList<>();
  private final SequencedMap<String, Long> begins = new LinkedHashMap<>();
  private final Thread reader;

  StageLog(Process process) {
    begins.put(START, startNs);
    reader = Thread.ofPlatform().daemon().name("log").start(() -> read(process));
  }

  private void read(Process process) {
    try (BufferedReader text =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = text.readLine(); line != null; line = text.readLine()) {
        add(line);
      }
    } catch (IOException closed) {
      add("(its output was closed)");
    }
  }

  private synchronized void add(String line) {
    lines.add(line);
    Matcher stage = BEGINS.matcher(line);
    if (stage.matches()) {
      begins.putIfAbsent(stage.group(1), System.nanoTime());
    }
  }

  /// Waits for the end of the process's output.
  void await() throws InterruptedException {
    reader.join();
  }

  /// All that was printed.
  synchronized String text() {
    return String.join("\n", lines);
  }

  /// The stages that have begun, the start before them.
  synchronized List<String> begun() {
    return List.copyOf(begins.keySet());
  }

  /// How long each stage took of a run that is over, in order.
  ///
  /// @param endNs when that was
  synchronized SequencedMap<String, Duration> durations(long endNs) {
    SequencedMap<String, Duration> durations = new LinkedHashMap<>();
    List<String> stages = begun();
    for (int i = 0; i < stages.size(); i++) {
      long end = i + 1 < stages.size() ? begins.get(stages.get(i + 1)) : endNs;
      durations.put(stages.get(i), Duration.ofNanos(end - begins.get(stages.get(i))));
    }
    return durations;
  }
}
