package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.distributed.InProcess;
import java.io.BufferedReader;
import java.io.Reader;
import java.io.StringReader;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedReaderTest {
  private static List<List<String>> read(int ranks, String text) {
    return InProcess.run(
        ranks,
        group -> {
          Reader own = new StringReader(group.isFirst() ? text : "not read");
          try (BufferedReader reader = new BufferedReader(new SharedReader(group, own))) {
            return reader.lines().toList();
          }
        });
  }

  /// Lines longer than a buffer, characters of two halves at its end.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void allProcessesReadTheLinesOfTheFirst(int ranks) {
    String text = "first\n\n" + "x🦙".repeat(9_000) + "\nlast without an end";
    for (List<String> lines : read(ranks, text)) {
      assertEquals(text.lines().toList(), lines);
    }
  }

  @Test
  void anEmptyInputHasNoLine() {
    assertEquals(List.of(List.of(), List.of()), read(2, ""));
  }
}
