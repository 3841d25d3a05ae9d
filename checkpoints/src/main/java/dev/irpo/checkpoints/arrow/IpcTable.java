package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.files.MappedFiles;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/// What an Arrow table in the file format or the stream format says of itself, checked before Arrow
/// reads it: Arrow trusts what the headers claim and reads with raw addresses.
///
/// ```text
/// file:    "ARROW1" …, blocks anywhere, a footer with the schema and where each block lies
/// stream:  messages end to end: the schema, then blocks; Hugging Face's datasets writes these
/// message: -1, u32 bytes of the header │ header │ body       0 bytes: the end
/// ```
///
/// Source: the Arrow columnar format, "Serialization and Interprocess Communication".
///
/// @param batches where the record batches lie, in their order
/// @param checksums none where the writer left none
public record IpcTable(
    Schema schema, List<ArrowBlock> batches, Optional<TableChecksums> checksums) {
  private static final byte[] FILE = IpcFileWriter.MAGIC.getBytes(StandardCharsets.US_ASCII);
  private static final byte[] STREAM = {-1, -1, -1, -1};
  private static final int PREFIX_BYTES = 2 * Integer.BYTES;

  /// Whether the file begins as an Arrow table of either format, as no text does.
  public static boolean isOne(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] begin = in.readNBytes(FILE.length);
      return Arrays.equals(begin, FILE) || isStream(begin);
    }
  }

  /// Bytes before the header of a message that begins with this number. Files before format 0.15
  /// have no continuation marker before the length.
  public static int prefixBytes(int first) {
    return first == IpcFileWriter.CONTINUATION ? PREFIX_BYTES : Integer.BYTES;
  }

  private static boolean isStream(byte[] begin) {
    return begin.length >= STREAM.length
        && Arrays.equals(begin, 0, STREAM.length, STREAM, 0, STREAM.length);
  }

  /// Checks that the schema says no more than it holds, that record batches lie apart, and that
  /// their buffers and numbers of rows fit into them; and checksums, but those of the batches.
  ///
  /// @throws RuntimeException of any kind if that is not so: flatbuffers are not verified on access
  public static IpcTable read(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = MappedFiles.map(path, arena);
      boolean isStream = file.byteSize() > PREFIX_BYTES && file.get(LittleEndian.INT, 0) == -1;
      IpcTable table = isStream ? ofStream(file) : ofFile(file);
      requirePlain(table.schema().getFields());
      for (int i = 0; i < table.batches().size(); i++) {
        requireSound(file, table.batches(), i);
      }
      return table;
    }
  }

  private static IpcTable ofFile(MemorySegment file) {
    IpcFooter footer = IpcFooter.read(file);
    Optional<TableChecksums> checksums = TableChecksums.check(file, footer);
    return new IpcTable(Schema.convertSchema(footer.schema()), footer.blocks(), checksums);
  }

  private static IpcTable ofStream(MemorySegment file) {
    Schema schema = null;
    List<ArrowBlock> blocks = new ArrayList<>();
    long at = 0;
    // a stream may end without saying so
    while (file.byteSize() - at >= PREFIX_BYTES && headerBytes(file, at) != 0) {
      int headerBytes = headerBytes(file, at);
      MemorySegment header = file.asSlice(at + PREFIX_BYTES, headerBytes);
      Message message = Message.getRootAsMessage(header.asByteBuffer());
      long bodyBytes = message.bodyLength();
      long begin = at + PREFIX_BYTES + headerBytes;
      Objects.checkFromIndexSize(begin, bodyBytes, file.byteSize());
      if (message.headerType() == MessageHeader.Schema && schema == null) {
        schema = schema(message, headerBytes);
      } else if (message.headerType() == MessageHeader.RecordBatch && schema != null) {
        blocks.add(new ArrowBlock(at, PREFIX_BYTES + headerBytes, bodyBytes));
      } else {
        throw new IllegalArgumentException(
            "a message of kind %d is where one schema and then record batches must be"
                .formatted(message.headerType()));
      }
      at = begin + bodyBytes;
    }
    if (schema == null) {
      throw new IllegalArgumentException("it is a stream without a schema");
    }
    return new IpcTable(schema, List.copyOf(blocks), Optional.empty());
  }

  private static Schema schema(Message message, int headerBytes) {
    var described = new org.apache.arrow.flatbuf.Schema();
    message.header(described);
    IpcFooter.requireBounded(described, headerBytes);
    return Schema.convertSchema(described);
  }

  /// Of a message's header, which the data must hold.
  private static int headerBytes(MemorySegment file, long at) {
    int bytes = file.get(LittleEndian.INT, at + Integer.BYTES);
    if (file.get(LittleEndian.INT, at) != -1
        || bytes < 0
        || bytes > IpcFooter.MAX_BYTES
        || bytes > file.byteSize() - at - PREFIX_BYTES) {
      throw new IllegalArgumentException(
          "no whole message begins at byte %d of %d".formatted(at, file.byteSize()));
    }
    return bytes;
  }

  private static void requirePlain(List<Field> fields) {
    for (Field field : fields) {
      if (field.getDictionary() != null) {
        throw new IllegalArgumentException(
            "column '%s' is encoded with a dictionary, which is not supported"
                .formatted(field.getName()));
      }
      requirePlain(field.getChildren());
    }
  }

  private static void requireSound(MemorySegment file, List<ArrowBlock> blocks, int index) {
    try {
      requireSound(file, blocks.get(index));
    } catch (RuntimeException e) { // of any kind
      throw new IllegalArgumentException(
          "record batch %d of %d: %s"
              .formatted(index + 1, blocks.size(), JsonFiles.firstLine(e.getMessage())),
          e);
    }
  }

  private static void requireSound(MemorySegment file, ArrowBlock block) {
    RecordBatch batch = IpcFile.recordBatch(file, block);
    long most = Math.min(block.getBodyLength() * Byte.SIZE, Integer.MAX_VALUE);
    Objects.checkIndex(batch.length(), most + 1);
    for (int i = 0; i < batch.nodesLength(); i++) {
      Objects.checkIndex(batch.nodes(i).length(), most + 1);
    }
  }
}
