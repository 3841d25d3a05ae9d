package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.vector.ipc.message.ArrowBlock;

/// The footer of an Arrow IPC file, checked before Arrow turns it into objects.
///
/// Flatbuffers refer to their parts by offset, so a malicious one names the same part a million
/// times: a few kilobytes would become gigabytes. What a schema says in all must therefore fit in
/// its bytes, and no two record batches may share any.
///
/// @param blocks where the record batches lie, in their order
/// @param metadata of the footer itself, by key
record IpcFooter(Schema schema, List<ArrowBlock> blocks, Map<String, Text> metadata) {
  private static final int TAIL_BYTES = Integer.BYTES + IpcFileWriter.MAGIC.length();
  static final long MAX_BYTES = 16_000_000;
  private static final int MAX_DEPTH = 8;

  /// The least that a table of a flatbuffer takes: the offset of its layout, and the one to it.
  private static final int TABLE_BYTES = 8;

  /// A text of the footer.
  ///
  /// @param offset of its first byte in the file
  record Text(String value, long offset) {}

  /// @throws RuntimeException of any kind if the footer is damaged: flatbuffers are not verified on
  ///   access
  static IpcFooter read(MemorySegment file) {
    long bytes = Integer.toUnsignedLong(file.get(LittleEndian.INT, file.byteSize() - TAIL_BYTES));
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "its footer has %d bytes, at most %d are read".formatted(bytes, MAX_BYTES));
    }
    long begin = file.byteSize() - TAIL_BYTES - bytes;
    MemorySegment data = file.asSlice(begin, bytes);
    Footer footer = Footer.getRootAsFooter(data.asByteBuffer());
    if (footer.schema() == null) {
      throw new IllegalArgumentException("its footer has no schema");
    }
    Budget budget = new Budget(bytes);
    budget.takeSchema(footer.schema());
    Map<String, Text> metadata = new HashMap<>();
    for (int i = 0; i < footer.customMetadataLength(); i++) {
      KeyValue pair = footer.customMetadata(i);
      budget.takePair(pair);
      ByteBuffer value = pair.valueAsByteBuffer();
      if (pair.key() != null && value != null) {
        metadata.put(pair.key(), new Text(pair.value(), begin + value.position()));
      }
    }
    List<ArrowBlock> blocks = new ArrayList<>();
    for (int i = 0; i < footer.recordBatchesLength(); i++) {
      Block block = footer.recordBatches(i);
      blocks.add(new ArrowBlock(block.offset(), block.metaDataLength(), block.bodyLength()));
    }
    requireApart(blocks);
    return new IpcFooter(footer.schema(), List.copyOf(blocks), Map.copyOf(metadata));
  }

  /// Checks that a schema says no more than the bytes that it was read from can hold.
  static void requireBounded(Schema schema, long bytes) {
    new Budget(bytes).takeSchema(schema);
  }

  private static void requireApart(List<ArrowBlock> blocks) {
    long end = 0;
    for (ArrowBlock block :
        blocks.stream().sorted(Comparator.comparingLong(ArrowBlock::getOffset)).toList()) {
      if (block.getOffset() < end || block.getMetadataLength() < 0 || block.getBodyLength() < 0) {
        throw new IllegalArgumentException(
            "a record batch begins at byte %d, where the one before it ends at %d"
                .formatted(block.getOffset(), end));
      }
      end = Math.addExact(block.getOffset() + block.getMetadataLength(), block.getBodyLength());
    }
  }

  /// Counts the bytes that a schema would take if it named every part once.
  private static final class Budget {
    private final long bytes;
    private long left;

    Budget(long bytes) {
      this.bytes = bytes;
      this.left = bytes;
    }

    void takeSchema(Schema schema) {
      for (int i = 0; i < schema.customMetadataLength(); i++) {
        takePair(schema.customMetadata(i));
      }
      for (int i = 0; i < schema.fieldsLength(); i++) {
        takeField(schema.fields(i), 1);
      }
    }

    private void takeField(Field field, int depth) {
      if (depth > MAX_DEPTH) {
        throw new IllegalArgumentException(
            "its columns are nested more than %d deep".formatted(MAX_DEPTH));
      }
      take(TABLE_BYTES);
      takeText(field.nameAsByteBuffer());
      for (int i = 0; i < field.customMetadataLength(); i++) {
        takePair(field.customMetadata(i));
      }
      for (int i = 0; i < field.childrenLength(); i++) {
        takeField(field.children(i), depth + 1);
      }
    }

    private void takePair(KeyValue pair) {
      take(TABLE_BYTES);
      takeText(pair.keyAsByteBuffer());
      takeText(pair.valueAsByteBuffer());
    }

    private void takeText(ByteBuffer text) {
      take(text == null ? 0 : text.remaining());
    }

    private void take(long taken) {
      left -= taken;
      if (left < 0) {
        throw new IllegalArgumentException(
            "its schema says more than the %d bytes of its header hold".formatted(bytes));
      }
    }
  }
}
