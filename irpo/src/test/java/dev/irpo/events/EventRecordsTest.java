package dev.irpo.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventRecordsTest {
  @TempDir private Path folder;

  /// The bytes that TensorBoard's own EventFileWriter begins a file with, but for the wall time.
  @Test
  void theFirstRecordIsTheVersion() {
    byte[] record = EventRecords.version();
    String message =
        "1a0d" + HexFormat.of().formatHex("brain.Event:2".getBytes(StandardCharsets.UTF_8));
    assertEquals("0f00000000000000", HexFormat.of().formatHex(record, 0, 8));
    assertEquals(message, HexFormat.of().formatHex(record, 12, record.length - 4));
  }

  @Test
  void valuesAreReadBack() throws IOException {
    SequencedMap<String, Number> values = new LinkedHashMap<>();
    values.put("loss", 0.1);
    values.put("zero", 0);
    values.put("none", Double.NaN);
    values.put("none2", Float.NEGATIVE_INFINITY);
    Path file = folder.resolve("file");
    Files.write(file, EventRecords.version());
    Files.write(file, EventRecords.scalars(1L << 40, values), StandardOpenOption.APPEND);
    assertEquals(
        Map.of(
            1L << 40,
            Map.of("loss", 0.1f, "zero", 0f, "none", Float.NaN, "none2", Float.NEGATIVE_INFINITY)),
        EventsFile.read(file));
  }

  @Test
  void zeroIsAValueTooAndNotLeftOut() throws Exception {
    byte[] record = EventRecords.scalars(3, Map.of("a", 0));
    EventProto.Event event =
        EventProto.Event.parseFrom(Arrays.copyOfRange(record, 12, record.length - 4));
    assertEquals(
        EventProto.Summary.Value.ValueCase.SIMPLE_VALUE,
        event.getSummary().getValue(0).getValueCase());
  }
}
