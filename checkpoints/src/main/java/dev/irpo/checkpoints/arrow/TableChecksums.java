package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.Crc32c;
import dev.irpo.checkpoints.files.MappedFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.apache.arrow.vector.ipc.message.ArrowBlock;

/// CRC-32C of every byte of a table in the file format, in the custom metadata of its footer:
///
/// ```text
/// irpo.crc32c.batches = 1a2b3c4d 5e6f7081 …   of each record batch, its header and its body
/// irpo.crc32c.rest    = 92a3b4c5              of all other bytes, these eight digits as zeros
/// ```
///
/// A reader checks the rest when it opens a table and each batch when it reads it, so a table that
/// is not read to its end is not read any further to be trusted. Other programs ignore the two.
///
/// @param batches in the order of the footer
public record TableChecksums(List<String> batches) {
  private static final String BATCHES = "irpo.crc32c.batches";
  private static final String REST = "irpo.crc32c.rest";
  private static final byte[] ZEROS = "0".repeat(Crc32c.DIGITS).getBytes(StandardCharsets.US_ASCII);

  /// Copies the list.
  public TableChecksums {
    batches = List.copyOf(batches);
  }

  /// The metadata of a footer that is to be written, whose rest [#seal] completes.
  public SequencedMap<String, String> metadata() {
    SequencedMap<String, String> metadata = new LinkedHashMap<>();
    metadata.put(BATCHES, String.join(" ", batches));
    metadata.put(REST, new String(ZEROS, StandardCharsets.US_ASCII));
    return metadata;
  }

  /// Completes a table that was written with [#metadata].
  public static void seal(Path table) throws IOException {
    long place;
    String rest;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = MappedFiles.map(table, arena);
      IpcFooter footer = IpcFooter.read(file);
      place = footer.metadata().get(REST).offset();
      rest = rest(file, footer.blocks(), place);
    }
    try (FileChannel channel = FileChannel.open(table, StandardOpenOption.WRITE)) {
      ByteBuffer digits = ByteBuffer.wrap(rest.getBytes(StandardCharsets.US_ASCII));
      while (digits.hasRemaining()) {
        channel.write(digits, place + digits.position());
      }
    }
  }

  /// Reads them and checks the rest; none in a table that was written without.
  ///
  /// @throws IllegalArgumentException if they are incomplete or the rest is not what was written
  static Optional<TableChecksums> check(MemorySegment file, IpcFooter footer) {
    Map<String, IpcFooter.Text> metadata = footer.metadata();
    IpcFooter.Text batches = metadata.get(BATCHES);
    IpcFooter.Text rest = metadata.get(REST);
    if (batches == null && rest == null) {
      return Optional.empty();
    }
    if (batches == null || rest == null || rest.value().length() != Crc32c.DIGITS) {
      throw new IllegalArgumentException("its footer has checksums of a part alone");
    }
    requireSame("all outside its record batches", rest(file, footer, rest), rest.value());
    List<String> ofBatches =
        batches.value().isEmpty() ? List.of() : List.of(batches.value().split(" "));
    if (ofBatches.size() != footer.blocks().size()) {
      throw new IllegalArgumentException(
          "its footer has checksums of %d record batches, it has %d"
              .formatted(ofBatches.size(), footer.blocks().size()));
    }
    return Optional.of(new TableChecksums(ofBatches));
  }

  /// Compares the checksum of a record batch with that of its bytes.
  ///
  /// @param batch from 0
  /// @throws IllegalArgumentException if they differ
  public void requireBatch(int batch, String found) {
    requireSame(
        "record batch %d of %d".formatted(batch + 1, batches.size()), found, batches.get(batch));
  }

  private static void requireSame(String what, String found, String written) {
    if (!found.equals(written)) {
      throw new IllegalArgumentException(
          "%s has CRC-32C %s, its footer says %s".formatted(what, found, written));
    }
  }

  private static String rest(MemorySegment file, IpcFooter footer, IpcFooter.Text rest) {
    return rest(file, footer.blocks(), rest.offset());
  }

  /// @param place of the digits that count as zeros, which lie after all blocks
  private static String rest(MemorySegment file, List<ArrowBlock> blocks, long place) {
    Crc32c sum = new Crc32c();
    long at = 0;
    for (ArrowBlock block :
        blocks.stream().sorted(Comparator.comparingLong(ArrowBlock::getOffset)).toList()) {
      sum.add(file.asSlice(at, block.getOffset() - at));
      at = block.getOffset() + block.getMetadataLength() + block.getBodyLength();
    }
    sum.add(file.asSlice(at, place - at));
    sum.add(ZEROS);
    sum.add(file.asSlice(place + ZEROS.length));
    return sum.take();
  }
}
