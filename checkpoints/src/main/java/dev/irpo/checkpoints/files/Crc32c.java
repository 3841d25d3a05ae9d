package dev.irpo.checkpoints.files;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/// A running CRC-32C (RFC 3720, appendix B.4), written as eight lower-case hexadecimal digits.
///
/// It finds every change of up to 32 bits in a row and misses one in 4 · 10⁹ of the others, at the
/// speed of memory. It is for damage; what identifies a model is SHA-256 ([Checksums]).
public final class Crc32c {
  /// Length of the text.
  public static final int DIGITS = 8;

  private static final long CHUNK_BYTES = 1L << 26;

  private final CRC32C sum = new CRC32C();

  /// Adds the remaining bytes of a buffer, which stays as it is.
  public void add(ByteBuffer bytes) {
    sum.update(bytes.duplicate());
  }

  /// Adds bytes.
  public void add(byte[] bytes) {
    sum.update(bytes);
  }

  /// Adds bytes in memory.
  public void add(MemorySegment bytes) {
    for (long begin = 0; begin < bytes.byteSize(); begin += CHUNK_BYTES) {
      long size = Math.min(CHUNK_BYTES, bytes.byteSize() - begin);
      sum.update(bytes.asSlice(begin, size).asByteBuffer());
    }
  }

  /// The checksum of what was added since the last call.
  public String take() {
    String text = HexFormat.of().toHexDigits((int) sum.getValue());
    sum.reset();
    return text;
  }
}
