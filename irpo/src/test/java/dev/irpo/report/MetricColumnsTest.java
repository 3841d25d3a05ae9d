package dev.irpo.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MetricColumnsTest {
  private static MetricColumns of(String... lines) throws IOException {
    List<ObjectNode> read = new ArrayList<>();
    for (String line : lines) {
      read.add((ObjectNode) new ObjectMapper().readTree(line));
    }
    return MetricColumns.of(read);
  }

  @Test
  void columnsHaveTheNamesAndTheOrderOfTheLines() throws IOException {
    MetricColumns columns =
        of("{\"step\":3,\"b\":1.5,\"a\":2}", "{\"step\":4,\"b\":-1,\"a\":0.25}");
    assertEquals(List.of(3, 4), columns.steps());
    assertEquals("[b, a]", columns.columns().keySet().toString());
    assertEquals(List.of(1.5, -1.0), columns.columns().get("b"));
    assertEquals(List.of(2.0, 0.25), columns.columns().get("a"));
  }

  @Test
  void aStepWithoutAMetricOrAFiniteNumberHasAGap() throws IOException {
    MetricColumns columns =
        of(
            "{\"step\":1,\"loss\":1}",
            "{\"step\":2,\"loss\":\"NaN\",\"badSteps\":1}",
            "{\"step\":3}");
    assertEquals(Arrays.asList(1.0, null, null), columns.columns().get("loss"));
    assertEquals(Arrays.asList(null, 1.0, null), columns.columns().get("badSteps"));
    assertEquals(Optional.of(List.of(1.0)), columns.finite("loss"));
    assertEquals(Optional.empty(), columns.finite("dpo"));
  }
}
