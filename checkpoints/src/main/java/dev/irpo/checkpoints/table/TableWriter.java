package dev.irpo.checkpoints.table;

import dev.irpo.checkpoints.arrow.TableChecksums;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Crc32c;
import dev.irpo.checkpoints.files.WriteFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/// Writes rows to an Arrow IPC file in batches of 1024, with checksums ([TableChecksums]); the same
/// rows give the same bytes.
///
/// The file appears with [#commit]; closing without it leaves no file.
///
/// @param <R> the row objects
public final class TableWriter<R> implements AutoCloseable {
  /// Rows of a record batch, the last one apart.
  public static final int BATCH_ROWS = 1024;

  private final Path target;
  private final Path temporary;
  private final TableSchema<R> schema;
  private final BufferAllocator allocator = new RootAllocator();
  private final VectorSchemaRoot root;
  private final FileChannel channel;
  private final ArrowFileWriter writer;
  private final Crc32c batch = new Crc32c();
  private final List<String> checksums = new ArrayList<>();

  /// What the footer says, read when it is written.
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private int batchRows;
  private boolean closed;

  private TableWriter(Path target, TableSchema<R> schema) throws IOException {
    this.target = target;
    this.schema = schema;
    this.temporary = AtomicFiles.prepare(target);
    this.channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    this.root = VectorSchemaRoot.create(schema.arrowSchema(), allocator);
    this.writer =
        new ArrowFileWriter(
            root,
            new DictionaryProvider.MapDictionaryProvider(),
            new SummedChannel(channel, batch, target),
            metadata);
  }

  private void start() throws IOException {
    try {
      writer.start();
      root.allocateNew();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /// Begins a table, to replace an older one of that name.
  public static <R> TableWriter<R> open(Path target, TableSchema<R> schema) throws IOException {
    TableWriter<R> writer = new TableWriter<>(target, schema);
    writer.start();
    return writer;
  }

  /// Writes a whole table.
  public static <R> void writeAll(Path target, TableSchema<R> schema, Iterable<? extends R> rows)
      throws IOException {
    try (TableWriter<R> writer = open(target, schema)) {
      for (R row : rows) {
        writer.append(row);
      }
      writer.commit();
    }
  }

  /// Adds a row.
  public void append(R row) throws IOException {
    for (int i = 0; i < schema.columns().size(); i++) {
      schema.columns().get(i).writer().write(root.getVector(i), batchRows, row);
    }
    batchRows++;
    if (batchRows == BATCH_ROWS) {
      writeBatch();
    }
  }

  /// Finishes the file and gives it its name.
  public void commit() throws IOException {
    if (batchRows > 0) {
      writeBatch();
    }
    metadata.putAll(new TableChecksums(checksums).metadata());
    writer.end();
    release();
    try {
      TableChecksums.seal(temporary);
      AtomicFiles.commitFile(temporary, target);
    } catch (IOException e) {
      throw WriteFailure.of(target, e);
    }
  }

  /// Releases everything; without [#commit] before, what was written is deleted.
  @Override
  public void close() throws IOException {
    if (!closed) {
      release();
    }
    Files.deleteIfExists(temporary);
  }

  private void writeBatch() throws IOException {
    root.setRowCount(batchRows);
    var _ = batch.take(); // what was written before it
    writer.writeBatch();
    checksums.add(batch.take());
    batchRows = 0;
    for (FieldVector vector : root.getFieldVectors()) {
      vector.reset();
    }
  }

  private void release() throws IOException {
    closed = true;
    root.close();
    allocator.close();
    channel.close();
  }

  /// Sums up what goes through it.
  ///
  /// @param path what the file will be called
  private record SummedChannel(WritableByteChannel target, Crc32c sum, Path path)
      implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      ByteBuffer before = bytes.duplicate();
      try {
        int written = target.write(bytes);
        sum.add(before.limit(before.position() + written));
        return written;
      } catch (IOException e) {
        throw WriteFailure.of(path, e);
      }
    }

    @Override
    public boolean isOpen() {
      return target.isOpen();
    }

    @Override
    public void close() throws IOException {
      target.close();
    }
  }
}
