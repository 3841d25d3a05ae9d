package dev.irpo.benchmarks.steps;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// What a piece of work came to.
///
/// @param what the work
/// @param unit of median, least and most: a rate, or [#SECONDS]
/// @param runs that these are of
/// @param flopsPerSecond at the median, 0 where that says nothing
record Figure(
    String what,
    String unit,
    double median,
    double least,
    double most,
    int runs,
    double flopsPerSecond) {
  /// The unit of times; all others are rates.
  static final String SECONDS = "s";

  private static final String SKIPPED = "skipped";

  /// As an object that [#of] reads.
  ObjectNode json() {
    return named(what)
        .put("unit", unit)
        .put("median", median)
        .put("least", least)
        .put("most", most)
        .put("runs", runs)
        .put("flopsPerSecond", flopsPerSecond);
  }

  /// In place of a figure, why there is none.
  static ObjectNode skipped(String what, String reason) {
    return named(what).put(SKIPPED, reason);
  }

  private static ObjectNode named(String what) {
    return JsonNodeFactory.instance.objectNode().put("what", what);
  }

  /// Reads what [#json] made.
  ///
  /// @throws IllegalArgumentException with the reason if the work was left out
  static Figure of(String json) throws JsonProcessingException {
    JsonNode node = new ObjectMapper().readTree(json);
    String what = node.path("what").asText();
    if (node.has(SKIPPED)) {
      throw new IllegalArgumentException(what + ": " + node.path(SKIPPED).asText());
    }
    return new Figure(
        what,
        node.path("unit").asText(),
        node.path("median").asDouble(),
        node.path("least").asDouble(),
        node.path("most").asDouble(),
        node.path("runs").asInt(),
        node.path("flopsPerSecond").asDouble());
  }
}
