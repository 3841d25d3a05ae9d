package dev.irpo.testdata.disk;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// The default file system under the eyes of a [Watcher].
public final class WatchedDisk extends FileSystem {
  private final FileSystem real;
  private final WatchedProvider provider;

  private WatchedDisk(FileSystem real, Watcher watcher) {
    this.real = real;
    provider = new WatchedProvider(this, watcher);
  }

  /// A path of the default file system as one whose changes are watched; all that is reached from
  /// it is watched too.
  public static Path watch(Path path, Watcher watcher) {
    return WatchedPaths.wrap(path, new WatchedDisk(path.getFileSystem(), watcher));
  }

  /// What nothing in this project does to a disk, and what would be a change that no recording has:
  /// whoever begins to do it must record it first.
  static UnsupportedOperationException unwatched(String what) {
    return new UnsupportedOperationException(what + " is not recorded");
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public void close() {
    throw unwatched("closing a default file system");
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return real.getSeparator();
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    Stream<Path> roots = StreamSupport.stream(real.getRootDirectories().spliterator(), false);
    return roots.map(path -> WatchedPaths.wrap(path, this)).toList();
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return real.getFileStores();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return real.supportedFileAttributeViews();
  }

  @Override
  public Path getPath(String first, String... more) {
    return WatchedPaths.wrap(real.getPath(first, more), this);
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    PathMatcher matcher = real.getPathMatcher(syntaxAndPattern);
    return path -> matcher.matches(WatchedPaths.unwrap(path));
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    return real.getUserPrincipalLookupService();
  }

  @Override
  public WatchService newWatchService() {
    throw unwatched("a service that waits for changes");
  }
}
