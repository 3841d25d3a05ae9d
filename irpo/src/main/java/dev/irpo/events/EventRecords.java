package dev.irpo.events;

import dev.irpo.events.EventProto.Event;
import dev.irpo.events.EventProto.Summary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.zip.CRC32C;

/// Records of an events file, which TensorBoard shows as curves:
///
/// ```text
/// file    version, scalars, scalars, …
/// record  length    8 bytes, little-endian
///         sum       4 bytes, of the length
///         message   as many bytes
///         sum       4 bytes, of the message
/// sum     CRC-32C, rotated right by 15 bits, plus a282ead8 (hexadecimal)
/// ```
///
/// A record follows from its values alone: it has no wall time, which would make files of a resumed
/// training differ from those of one that nothing stopped. In TensorBoard choose the axis "step".
public final class EventRecords {
  /// What the name of an events file begins with.
  public static final String PREFIX = "events.out.tfevents.";

  private static final String VERSION = "brain.Event:2";
  private static final int ROTATION = 15;
  private static final int MASK = 0xa282ead8;

  private EventRecords() {}

  /// The first record of a file.
  public static byte[] version() {
    return framed(Event.newBuilder().setFileVersion(VERSION).build().toByteArray());
  }

  /// The values of a step by name, in single precision.
  public static byte[] scalars(long step, Map<String, ? extends Number> values) {
    Summary.Builder summary = Summary.newBuilder();
    values.forEach((name, value) ->
        summary.addValue(
            Summary.Value.newBuilder().setTag(name).setSimpleValue(value.floatValue())));
    return framed(Event.newBuilder().setStep(step).setSummary(summary).build().toByteArray());
  }

  private static byte[] framed(byte[] message) {
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    length.putLong(message.length);
    return ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES + message.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(length.array())
        .putInt(sum(length.array()))
        .put(message)
        .putInt(sum(message))
        .array();
  }

  private static int sum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), ROTATION) + MASK;
  }
}
