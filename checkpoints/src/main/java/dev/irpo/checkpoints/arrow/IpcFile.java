package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.files.MappedFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/// A memory-mapped Arrow IPC file of fixed-width columns without nulls; nothing is copied.
///
/// @param batches in file order
record IpcFile(Path path, Schema schema, List<Batch> batches) {
  private static final int MAGIC_BYTES = 6;
  private static final int HEAD_BYTES = 8;
  private static final int TAIL_BYTES = Integer.BYTES + MAGIC_BYTES;

  /// The values of each column of one record batch, views of the map.
  record Batch(long rows, List<MemorySegment> columns) {}

  /// @throws IllegalArgumentException if the file is truncated, damaged or of another kind
  static IpcFile map(Path path, Arena arena) throws IOException {
    MemorySegment file = MappedFiles.map(path, arena);
    if (file.byteSize() < HEAD_BYTES + TAIL_BYTES || !hasMagic(file, 0)) {
      throw damaged(path, "it does not begin as an Arrow IPC file");
    }
    if (!hasMagic(file, file.byteSize() - MAGIC_BYTES)) {
      throw damaged(path, "it does not end as an Arrow IPC file: truncated at " + file.byteSize());
    }
    try {
      IpcFooter footer = IpcFooter.read(file);
      Schema schema = Schema.convertSchema(footer.schema());
      List<Batch> batches = new ArrayList<>();
      for (ArrowBlock block : footer.blocks()) {
        batches.add(batch(file, block, schema.getFields()));
      }
      return new IpcFile(path, schema, List.copyOf(batches));
    } catch (RuntimeException e) {
      // Flatbuffers are not verified on access: a wrong offset shows as any kind of exception.
      throw damaged(path, JsonFiles.firstLine(e.getMessage()), e);
    }
  }

  /// The value of the schema's custom metadata.
  ///
  /// @throws IllegalArgumentException if there is none
  String metadata(String key) {
    String value = schema.getCustomMetadata().get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "%s: has no metadata '%s'; it was not written by this program".formatted(path, key));
    }
    return value;
  }

  static IllegalArgumentException damaged(Path path, String fact) {
    return damaged(path, fact, null);
  }

  static IllegalArgumentException damaged(Path path, String fact, RuntimeException cause) {
    return new IllegalArgumentException(
        "%s: is damaged (%s); copy or convert it again".formatted(path, fact), cause);
  }

  private static boolean hasMagic(MemorySegment file, long offset) {
    byte[] magic = IpcFileWriter.MAGIC.getBytes(StandardCharsets.US_ASCII);
    return file.asSlice(offset, MAGIC_BYTES).mismatch(MemorySegment.ofArray(magic)) < 0;
  }

  /// The description of one record batch, each of its buffers within the body.
  static RecordBatch recordBatch(MemorySegment file, ArrowBlock block) {
    MemorySegment header = file.asSlice(block.getOffset(), block.getMetadataLength());
    MemorySegment body =
        file.asSlice(block.getOffset() + block.getMetadataLength(), block.getBodyLength());
    int prefix = IpcTable.prefixBytes(header.get(LittleEndian.INT, 0));
    Message message = Message.getRootAsMessage(header.asSlice(prefix).asByteBuffer());
    if (message.headerType() != MessageHeader.RecordBatch) {
      throw new IllegalArgumentException("a block of the footer is not a record batch");
    }
    RecordBatch batch = (RecordBatch) message.header(new RecordBatch());
    if (batch.compression() != null) {
      throw new IllegalArgumentException("its columns are compressed, which is not supported");
    }
    for (int i = 0; i < batch.buffersLength(); i++) {
      Objects.checkFromIndexSize(
          batch.buffers(i).offset(), batch.buffers(i).length(), body.byteSize());
    }
    return batch;
  }

  private static Batch batch(MemorySegment file, ArrowBlock block, List<Field> fields) {
    RecordBatch batch = recordBatch(file, block);
    MemorySegment body =
        file.asSlice(block.getOffset() + block.getMetadataLength(), block.getBodyLength());
    List<MemorySegment> columns = new ArrayList<>();
    for (int i = 0; i < fields.size(); i++) {
      FieldNode node = batch.nodes(i);
      if (node.nullCount() != 0 || node.length() != batch.length()) {
        throw new IllegalArgumentException(
            "column '%s' has %d nulls and %d of %d rows"
                .formatted(
                    fields.get(i).getName(), node.nullCount(), node.length(), batch.length()));
      }
      Buffer values = batch.buffers(2 * i + 1);
      long bytes = Math.multiplyExact(batch.length(), ArrowTypes.bytesOf(fields.get(i)));
      columns.add(body.asSlice(values.offset(), values.length()).asSlice(0, bytes));
    }
    return new Batch(batch.length(), List.copyOf(columns));
  }
}
