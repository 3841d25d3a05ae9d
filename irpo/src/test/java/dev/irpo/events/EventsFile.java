package dev.irpo.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.events.EventProto.Event;
import dev.irpo.events.EventProto.Summary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.CRC32C;

/// Reads events files, for tests.
public final class EventsFile {
  private EventsFile() {}

  /// The values of each step but for some tags, in the order of the file; fails if a record is not
  /// as TensorFlow's records are, or a step is there twice.
  public static SequencedMap<Long, Map<String, Float>> read(Path file, String... without)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Event> events = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] length = new byte[8];
      bytes.get(length);
      assertEquals(masked(length), bytes.getInt(), "checksum of a length");
      byte[] message =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      bytes.get(message);
      assertEquals(masked(message), bytes.getInt(), "checksum of a message");
      events.add(Event.parseFrom(message));
    }
    assertEquals("brain.Event:2", events.removeFirst().getFileVersion());
    SequencedMap<Long, Map<String, Float>> steps = new LinkedHashMap<>();
    for (Event event : events) {
      assertEquals(0, event.getWallTime());
      Map<String, Float> values = new LinkedHashMap<>();
      for (Summary.Value value : event.getSummary().getValueList()) {
        values.put(value.getTag(), value.getSimpleValue());
      }
      values.keySet().removeAll(List.of(without));
      assertEquals(null, steps.put(event.getStep(), values), "step " + event.getStep());
    }
    return steps;
  }

  /// As tensorflow/core/lib/hash/crc32c.h has it.
  private static int masked(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    int sum = (int) crc.getValue();
    return ((sum >>> 15) | (sum << 17)) + 0xa282ead8;
  }
}
