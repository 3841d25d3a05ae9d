package dev.irpo.testdata.disk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/// A channel whose writes, truncations and syncs are watched; it is mapped to be read alone, and
/// its syncs are only seen, since they take most of a test's time.
final class WatchedChannel extends FileChannel {
  private final FileChannel real;
  private final Path path;
  private final WatchedProvider provider;
  private final boolean isAppending;

  WatchedChannel(FileChannel real, Path path, WatchedProvider provider, boolean isAppending) {
    this.real = real;
    this.path = path;
    this.provider = provider;
    this.isAppending = isAppending;
  }

  /// Writes as many bytes as the watcher lets.
  private int write(ByteBuffer source, long position, boolean moves) throws IOException {
    byte[] bytes = new byte[source.remaining()];
    source.duplicate().get(bytes);
    int written =
        provider.change(
            new Change.Write(path, position, bytes),
            change -> {
              ByteBuffer part = ByteBuffer.wrap(((Change.Write) change).bytes());
              return moves ? real.write(part) : real.write(part, position);
            });
    source.position(source.position() + written);
    return written;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    return write(source, isAppending ? real.size() : real.position(), true);
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    return write(source, position, false);
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    long written = 0;
    for (int i = offset; i < offset + length; i++) {
      written += write(sources[i]);
    }
    return written;
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    if (size < real.size()) {
      var _ = provider.change(new Change.Truncate(path, size), _ -> real.truncate(size));
    }
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    var _ = provider.change(new Change.Force(path), change -> change); // nobody pulls the plug
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count) {
    throw WatchedDisk.unwatched("a transfer into a file");
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
    requireReadOnly(mode);
    return real.map(mode, position, size);
  }

  @Override
  public MemorySegment map(MapMode mode, long position, long size, Arena arena) throws IOException {
    requireReadOnly(mode);
    return real.map(mode, position, size, arena);
  }

  private static void requireReadOnly(MapMode mode) {
    if (!mode.equals(MapMode.READ_ONLY)) {
      throw WatchedDisk.unwatched("a map that is written to");
    }
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    return real.read(target);
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    return real.read(targets, offset, length);
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    return real.read(target, position);
  }

  @Override
  public long position() throws IOException {
    return real.position();
  }

  @Override
  public FileChannel position(long position) throws IOException {
    real.position(position);
    return this;
  }

  @Override
  public long size() throws IOException {
    return real.size();
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    return real.transferTo(position, count, target);
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    return real.lock(position, size, shared);
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return real.tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    real.close();
  }
}
