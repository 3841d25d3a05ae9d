package dev.irpo.train;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// What one optimizer step came to: a line of `metrics.jsonl`.
///
/// @param step from 1
/// @param values in the order of the file: `loss`, what else the loss names, `gradNorm` (the global
///   norm before clipping), `learningRate`, and what the training adds
public record StepMetrics(int step, SequencedMap<String, Number> values) {
  /// Metrics in a bar; a line has no room for more.
  private static final int SHOWN = 3;

  /// A metric.
  ///
  /// @throws IllegalArgumentException if the step has none of that name
  public double get(String name) {
    Number value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "there is no metric '%s', but %s".formatted(name, String.join(", ", values.keySet())));
    }
    return value.doubleValue();
  }

  /// As a line of the file has it.
  SequencedMap<String, Number> line() {
    SequencedMap<String, Number> line = new LinkedHashMap<>();
    line.put("step", step);
    line.putAll(values);
    return line;
  }

  /// The first metrics for a progress bar.
  public String message() {
    return values.entrySet().stream()
        .limit(SHOWN)
        .takeWhile(metric -> !metric.getKey().equals(Training.GRAD_NORM))
        .map(metric ->
            String.format(Locale.ROOT, "%s %.3f", metric.getKey(), metric.getValue().doubleValue()))
        .collect(Collectors.joining(", "));
  }
}
