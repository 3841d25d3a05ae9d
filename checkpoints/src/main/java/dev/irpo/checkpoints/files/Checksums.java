package dev.irpo.checkpoints.files;

import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;

/// SHA-256 of files, folders and memory, in lower-case hexadecimal.
public final class Checksums {
  private static final long CHUNK_BYTES = 1L << 26;

  private Checksums() {}

  public static String sha256(MemorySegment data) {
    return sha256(data, Reading.UNSEEN);
  }

  private static String sha256(MemorySegment data, Reading reading) {
    MessageDigest digest = digest();
    for (long begin = 0; begin < data.byteSize(); begin += CHUNK_BYTES) {
      long bytes = Math.min(CHUNK_BYTES, data.byteSize() - begin);
      digest.update(data.asSlice(begin, bytes).asByteBuffer());
      reading.at(begin + bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  public static String sha256(TensorContent content) {
    if (content.inMemory().isPresent()) {
      return sha256(content.inMemory().get());
    }
    MessageDigest digest = digest();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(Math.min(CHUNK_BYTES, content.byteSize()));
      for (long begin = 0; begin < content.byteSize(); begin += CHUNK_BYTES) {
        long bytes = Math.min(CHUNK_BYTES, content.byteSize() - begin);
        content.read(begin, chunk.asSlice(0, bytes));
        digest.update(chunk.asSlice(0, bytes).asByteBuffer());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /// Checksum of a file, or of a folder: of the names and checksums of the files in it.
  public static String ofContents(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return sha256(path);
    }
    MessageDigest digest = digest();
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        String line = file.getFileName() + " " + sha256(file) + "\n";
        digest.update(line.getBytes(StandardCharsets.UTF_8));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  public static String sha256(Path file) throws IOException {
    return sha256(file, Reading.UNSEEN);
  }

  static String sha256(Path file, Reading reading) throws IOException {
    if (Files.size(file) == 0) {
      return sha256(MemorySegment.NULL);
    }
    try (Arena arena = Arena.ofConfined()) {
      return sha256(MappedFiles.map(file, arena), reading);
    }
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
