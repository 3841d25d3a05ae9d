package dev.irpo.testdata.disk;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

/// Shows every change to a watcher and then has the default provider make it.
final class WatchedProvider extends FileSystemProvider {
  private final WatchedDisk disk;
  private final Watcher watcher;

  WatchedProvider(WatchedDisk disk, Watcher watcher) {
    this.disk = disk;
    this.watcher = watcher;
  }

  /// Makes a change.
  @FunctionalInterface
  interface Action<T> {
    T make(Change change) throws IOException;
  }

  /// One change at a time, so that they are seen in the order in which they are made.
  synchronized <T> T change(Change change, Action<T> action) throws IOException {
    return action.make(watcher.before(change));
  }

  @Override
  public String getScheme() {
    return "watched";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
    throw WatchedDisk.unwatched("a file system by its address");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    throw WatchedDisk.unwatched("a file system by its address");
  }

  @Override
  public Path getPath(URI uri) {
    throw WatchedDisk.unwatched("a path by its address");
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    Path real = WatchedPaths.unwrap(path);
    boolean isAppending = options.contains(StandardOpenOption.APPEND);
    boolean isWritten = isAppending || options.contains(StandardOpenOption.WRITE);
    boolean isThere = Files.exists(real);
    boolean isMade =
        options.contains(StandardOpenOption.CREATE)
            || options.contains(StandardOpenOption.CREATE_NEW);
    Action<FileChannel> open =
        _ ->
            new WatchedChannel(
                FileChannel.open(real, options, attributes), real, this, isAppending);
    if (isWritten && isMade && !isThere) {
      return change(new Change.Create(real), open);
    }
    if (isWritten && isThere && options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
      return change(new Change.Truncate(real, 0), open);
    }
    return new WatchedChannel(FileChannel.open(real, options, attributes), real, this, isAppending);
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    List<Path> entries;
    try (DirectoryStream<Path> real = Files.newDirectoryStream(WatchedPaths.unwrap(folder))) {
      entries =
          StreamSupport.stream(real.spliterator(), false)
              .map(path -> WatchedPaths.wrap(path, disk))
              .toList();
    }
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        return entries.iterator();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    Path real = WatchedPaths.unwrap(folder);
    if (Files.exists(real)) {
      Files.createDirectory(real); // fails
    }
    var _ = change(new Change.MakeFolder(real), _ -> Files.createDirectory(real, attributes));
  }

  @Override
  public void delete(Path path) throws IOException {
    Path real = WatchedPaths.unwrap(path);
    if (!Files.exists(real)) {
      Files.delete(real); // fails
    }
    var _ =
        change(
            new Change.Delete(real),
            _ -> {
              Files.delete(real);
              return real;
            });
  }

  /// Writes what it reads, so that its changes are those of a file that is written.
  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    Set<StandardOpenOption> opened =
        List.of(options).contains(StandardCopyOption.REPLACE_EXISTING)
            ? Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)
            : Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (InputStream in = Files.newInputStream(WatchedPaths.unwrap(source));
        OutputStream out = Channels.newOutputStream(newFileChannel(target, opened))) {
      in.transferTo(out);
    }
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    Path from = WatchedPaths.unwrap(source);
    Path to = WatchedPaths.unwrap(target);
    var _ = change(new Change.Rename(from, to), _ -> Files.move(from, to, options));
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    return Files.isSameFile(WatchedPaths.unwrap(path), WatchedPaths.unwrap(other));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return Files.isHidden(WatchedPaths.unwrap(path));
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return Files.getFileStore(WatchedPaths.unwrap(path));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    Path real = WatchedPaths.unwrap(path);
    real.getFileSystem().provider().checkAccess(real, modes);
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return Files.getFileAttributeView(WatchedPaths.unwrap(path), type, options);
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    return Files.readAttributes(WatchedPaths.unwrap(path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
      throws IOException {
    return Files.readAttributes(WatchedPaths.unwrap(path), attributes, options);
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options)
      throws IOException {
    throw WatchedDisk.unwatched("setting " + attribute);
  }
}
