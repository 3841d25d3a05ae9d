package dev.irpo.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.run.MeasuredLogProbs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The lines of `metrics.jsonl` as columns, whatever metrics the loss names.
///
/// @param steps a step for each line
/// @param columns by metric, null where a line has no finite number
record MetricColumns(List<Integer> steps, SequencedMap<String, List<Double>> columns) {
  private static final String STEP = "step";

  /// Without a line.
  MetricColumns() {
    this(new ArrayList<>(), new LinkedHashMap<>());
  }

  static MetricColumns of(List<ObjectNode> lines) {
    MetricColumns metrics = new MetricColumns();
    metrics.add(lines);
    return metrics;
  }

  /// What was measured, by the names that the metrics of each step's own pairs have.
  static MetricColumns of(MeasuredLogProbs measured) {
    MetricColumns columns = new MetricColumns();
    List<Double> chosen = new ArrayList<>();
    List<Double> rejected = new ArrayList<>();
    for (MeasuredLogProbs.AtStep at : measured.steps()) {
      columns.steps.add(at.step());
      chosen.add(at.chosen());
      rejected.add(at.rejected());
    }
    columns.columns.put("chosenLogProb", chosen);
    columns.columns.put("rejectedLogProb", rejected);
    return columns;
  }

  /// Adds lines.
  void add(List<ObjectNode> lines) {
    for (ObjectNode line : lines) {
      for (Map.Entry<String, JsonNode> metric : line.properties()) {
        if (!metric.getKey().equals(STEP)) {
          List<Double> column = columns.computeIfAbsent(metric.getKey(), key -> new ArrayList<>());
          fill(column, steps.size());
          column.add(metric.getValue().isNumber() ? metric.getValue().doubleValue() : null);
        }
      }
      steps.add(line.path(STEP).asInt());
    }
    columns.values().forEach(column -> fill(column, steps.size()));
  }

  /// The lines from one on, as they are now.
  ///
  /// @param line from 0
  MetricColumns from(int line) {
    MetricColumns later = new MetricColumns();
    later.steps.addAll(steps.subList(line, steps.size()));
    columns.forEach((metric, column) ->
        later.columns.put(metric, new ArrayList<>(column.subList(line, column.size()))));
    return later;
  }

  /// Lines before the next one had no such metric.
  private static void fill(List<Double> column, int lines) {
    while (column.size() < lines) {
      column.add(null);
    }
  }

  /// The finite numbers of a metric; none where there is no such metric.
  Optional<List<Double>> finite(String metric) {
    return Optional.ofNullable(columns.get(metric))
        .map(column -> column.stream().filter(value -> value != null).toList());
  }
}
