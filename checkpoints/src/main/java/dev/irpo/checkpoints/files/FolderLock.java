package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;

/// Lets one process at a time work in a folder: `lock` in it is locked as long as that process
/// lives, and says who it is.
///
/// ```text
/// {"host": "node7", "pid": 4711, "start": 1795942800000}     start in milliseconds; empty: nobody
/// ```
///
/// The lock is the operating system's (POSIX record locks), which takes it back however the process
/// ends. On NFS it is the server's: the machines must mount the folder with locks (NFSv4, or
/// version 3 with `lockd`; not `nolock`, not `local_lock=posix`), and the lock of a machine that
/// vanished is free once its lease has run out. Where a file system has no locks, what the file
/// says decides: a process of this machine is asked for, one of another machine counts as living.
///
/// A process locks a folder once, because closing a file gives all of a process's locks on it back.
public final class FolderLock implements AutoCloseable {
  /// The name of the file.
  public static final String FILE_NAME = "lock";

  private static final System.Logger LOG = System.getLogger(FolderLock.class.getName());

  /// Beyond the text: other processes cannot read what is locked on Windows.
  private static final long LOCKED_BYTE = 1L << 40;

  private static final int MAX_TEXT = 4096;

  private final Path folder;
  private final Locking locking;
  private FileChannel channel;

  /// Locks a byte of a file.
  @FunctionalInterface
  interface Locking {
    /// Whether it is locked now, and was not.
    ///
    /// @throws IOException if the file system has no locks
    boolean tryLock(FileChannel channel) throws IOException;
  }

  /// Who works in the folder.
  private record Owner(String host, long pid, long startMs) {
    static Owner self() {
      ProcessHandle process = ProcessHandle.current();
      return new Owner(AtomicFiles.HOST, process.pid(), AtomicFiles.startMs(process));
    }

    /// Empty where the file says nobody or nothing that can be read.
    static Optional<Owner> of(byte[] text) {
      try {
        JsonNode json = JsonFiles.parseObject(text, FILE_NAME);
        Owner owner =
            new Owner(
                json.path("host").asText(),
                json.path("pid").asLong(-1),
                json.path("start").asLong(-1));
        return owner.pid < 0 ? Optional.empty() : Optional.of(owner);
      } catch (IOException | IllegalArgumentException unreadable) {
        return Optional.empty();
      }
    }

    byte[] text() throws IOException {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      return JsonFiles.toBytes(json.put("host", host).put("pid", pid).put("start", startMs));
    }

    boolean isHere() {
      return host.equals(AtomicFiles.HOST);
    }

    /// Whether it is a living process of this machine.
    boolean isLivingHere() {
      return isHere() && ProcessHandle.of(pid).map(AtomicFiles::startMs).orElse(-1L) == startMs;
    }

    @Override
    public String toString() {
      return "process %d on %s, begun at %s".formatted(pid, host, Instant.ofEpochMilli(startMs));
    }
  }

  /// The lock of a folder, not taken yet.
  public FolderLock(Path folder) {
    this(folder, FolderLock::tryLock);
  }

  FolderLock(Path folder, Locking locking) {
    this.folder = folder;
    this.locking = locking;
  }

  /// Takes the lock if the folder holds a file that shows that work in it was begun.
  ///
  /// @throws IllegalArgumentException as [#take]
  public void takeIfThere(String begun) throws IOException {
    if (Files.exists(folder.resolve(begun))) {
      take();
    }
  }

  /// Makes the folder where there is none and takes its lock, unless this object has it. What
  /// killed processes left half-written in the folder is deleted.
  ///
  /// @throws IllegalArgumentException naming the living process that has it
  public void take() throws IOException {
    if (channel != null) {
      return;
    }
    AtomicFiles.createFolders(folder);
    FileChannel opened =
        FileChannel.open(
            folder.resolve(FILE_NAME),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      requireFree(opened);
      write(opened, Owner.self().text());
    } catch (IOException e) {
      opened.close();
      throw WriteFailure.of(folder.resolve(FILE_NAME), e);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
    channel = opened;
    AtomicFiles.deleteTemporaries(folder);
  }

  /// Who works in a folder, as the file in it says; nothing is locked. Not for the process that has
  /// the lock, which would lose it: closing the file gives it back.
  public static Optional<String> worker(Path folder) throws IOException {
    try {
      return Owner.of(Files.readAllBytes(folder.resolve(FILE_NAME)))
          .filter(owner -> !owner.isHere() || owner.isLivingHere())
          .map(Owner::toString);
    } catch (NoSuchFileException nobody) {
      return Optional.empty();
    }
  }

  /// Gives the lock back.
  @Override
  public void close() throws IOException {
    if (channel != null) {
      write(channel, new byte[0]);
      channel.close();
      channel = null;
    }
  }

  private void requireFree(FileChannel opened) throws IOException {
    boolean hasLocks = true;
    boolean isFree = true;
    try {
      isFree = locking.tryLock(opened);
    } catch (IOException e) {
      hasLocks = false;
      LOG.log(
          System.Logger.Level.WARNING,
          "%s: its file system has no locks (%s); another process is seen by the file alone"
              .formatted(folder.resolve(FILE_NAME), e.getMessage()));
    }
    Optional<Owner> owner = read(opened);
    if (!isFree || owner.filter(Owner::isLivingHere).isPresent()) {
      throw new IllegalArgumentException(
          "%s: %s works in it; wait until it has ended, end it, or choose another folder"
              .formatted(folder, owner.map(Owner::toString).orElse("another process")));
    }
    if (!hasLocks && owner.isPresent() && !owner.get().isHere()) {
      throw new IllegalArgumentException(
          "%s: %s works in it, or ended without saying so; if it has ended, delete %s"
              .formatted(folder, owner.get(), folder.resolve(FILE_NAME)));
    }
    owner.ifPresent(dead ->
        LOG.log(
            System.Logger.Level.INFO,
            "%s: %s ended before its work was done; resuming it".formatted(folder, dead)));
  }

  private static boolean tryLock(FileChannel opened) throws IOException {
    try {
      return opened.tryLock(LOCKED_BYTE, 1, false) != null;
    } catch (OverlappingFileLockException e) {
      return false; // this process has it
    }
  }

  private static Optional<Owner> read(FileChannel opened) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(MAX_TEXT);
    while (text.hasRemaining() && opened.read(text, text.position()) >= 0) {
      // until the end
    }
    byte[] bytes = new byte[text.position()];
    text.flip().get(bytes);
    return Owner.of(bytes);
  }

  private static void write(FileChannel opened, byte[] text) throws IOException {
    opened.truncate(0);
    ByteBuffer bytes = ByteBuffer.wrap(text);
    while (bytes.hasRemaining()) {
      opened.write(bytes, bytes.position());
    }
    opened.force(true);
  }
}
