package dev.irpo.checkpoints.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.checkpoints.files.MappedFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowFooter;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;

/// An Arrow IPC file of fixed-width columns without nulls, each buffer at a multiple of 64 bytes.
///
/// Arrow Java's own writer aligns to 8 bytes and wants each batch in its own memory first; here the
/// header of a batch is padded until the body lands on a 64-byte boundary (as Arrow C++ does) and
/// the columns stream from wherever they are.
///
/// ```text
/// "ARROW1" 0 0 │ schema │ (−1, length, RecordBatch, padding │ body)* │ −1 0 │ Footer │ length │ "ARROW1"
/// ```
final class IpcFileWriter {
  static final String MAGIC = "ARROW1";
  static final int CONTINUATION = -1;
  private static final int PREFIX_BYTES = 8;

  private final HashedFile out;
  private final Schema schema;
  private final List<ArrowBlock> blocks = new ArrayList<>();

  /// The values of one column of one batch.
  interface ColumnData {
    long byteSize();

    /// Writes exactly `byteSize()` bytes.
    void writeTo(HashedFile out) throws IOException;
  }

  IpcFileWriter(HashedFile out, Schema schema) throws IOException {
    this.schema = schema;
    this.out = out;
    writeBytes((MAGIC + "\0\0").getBytes(StandardCharsets.US_ASCII));
    MessageSerializer.serialize(new WriteChannel(out), schema);
  }

  void writeBatch(long rows, List<? extends ColumnData> columns) throws IOException {
    long bodyBytes = columns.stream().mapToLong(column -> padded(column.byteSize())).sum();
    ByteBuffer header = recordBatch(rows, columns, bodyBytes);
    long start = out.position();
    long bodyStart = padded(start + PREFIX_BYTES + header.remaining());
    int headerBytes = Math.toIntExact(bodyStart - start - PREFIX_BYTES);
    writeInts(CONTINUATION, headerBytes);
    out.write(header);
    pad();
    for (ColumnData column : columns) {
      column.writeTo(out);
      pad();
    }
    if (out.position() != bodyStart + bodyBytes) {
      throw new IllegalStateException(
          "a batch wrote %d bytes, its columns promised %d"
              .formatted(out.position() - bodyStart, bodyBytes));
    }
    blocks.add(new ArrowBlock(start, PREFIX_BYTES + headerBytes, bodyBytes));
  }

  /// Writes the footer; without it the file is none.
  void finish() throws IOException {
    writeInts(CONTINUATION, 0);
    ByteBuffer footer = WriteChannel.serialize(new ArrowFooter(schema, List.of(), blocks));
    int footerBytes = footer.remaining();
    out.write(footer);
    writeInts(footerBytes);
    writeBytes(MAGIC.getBytes(StandardCharsets.US_ASCII));
  }

  /// Each column is a node and two buffers: no validity bitmap (nothing is null), and the values.
  private static ByteBuffer recordBatch(
      long rows, List<? extends ColumnData> columns, long bodyBytes) {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    RecordBatch.startNodesVector(builder, columns.size());
    for (int i = 0; i < columns.size(); i++) {
      FieldNode.createFieldNode(builder, rows, 0);
    }
    int nodes = builder.endVector();
    RecordBatch.startBuffersVector(builder, 2 * columns.size());
    long offset = bodyBytes;
    for (ColumnData column : columns.reversed()) { // flatbuffers are built from the end
      offset -= padded(column.byteSize());
      Buffer.createBuffer(builder, offset, column.byteSize());
      Buffer.createBuffer(builder, offset, 0);
    }
    int buffers = builder.endVector();
    int batch = RecordBatch.createRecordBatch(builder, rows, nodes, buffers, 0, 0);
    return MessageSerializer.serializeMessage(
        builder, MessageHeader.RecordBatch, batch, bodyBytes, IpcOption.DEFAULT);
  }

  private static long padded(long bytes) {
    return (bytes + MappedFiles.ALIGNMENT - 1) / MappedFiles.ALIGNMENT * MappedFiles.ALIGNMENT;
  }

  private void pad() throws IOException {
    long position = out.position();
    writeBytes(new byte[(int) (padded(position) - position)]);
  }

  private void writeInts(int... values) throws IOException {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asIntBuffer().put(values);
    out.write(buffer);
  }

  private void writeBytes(byte[] bytes) throws IOException {
    out.write(ByteBuffer.wrap(bytes));
  }
}
