package dev.irpo.checkpoints.torch;

import dev.irpo.checkpoints.files.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// A zip archive whose entries are stored uncompressed, as PyTorch writes them, in a memory map.
///
/// ```text
/// {local header, name, extra field, data, perhaps a descriptor} … │ central directory
///     │ zip64 end record, zip64 locator (files of more than 4 GB, or as the writer likes) │ end record
/// ```
///
/// An entry is a view of the map. Entries that are compressed, overlap, or lie outside the file are
/// refused, so an archive never holds more bytes than its file. The java.util.zip classes offer
/// streams alone, and those stop at 2 GiB a buffer. Commons Compress 1.28 gives offsets, but takes
/// overlapping entries, ignores the stated number of them and keeps all that it finds before a
/// caller can refuse: a directory of 56 MB exhausts a heap of 120 MB. Source: PKWARE's APPNOTE.TXT
/// 6.3.10, section 4.3.
final class StoredZip {
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int LOCATOR64_SIGNATURE = 0x07064b50;
  private static final int LOCATOR64_BYTES = 20;
  private static final int END64_SIGNATURE = 0x06064b50;
  private static final int END64_BYTES = 56;
  private static final int CENTRAL_SIGNATURE = 0x02014b50;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL_SIGNATURE = 0x04034b50;
  private static final int LOCAL_BYTES = 30;
  private static final int EXTRA64_ID = 1;
  private static final int ENCRYPTED = 1;
  private static final long MAX_U16 = 0xFFFF;
  private static final long MAX_U32 = 0xFFFF_FFFFL;

  /// Llama 3.1 405B has 1,137 tensors a file; these limits bound time and memory, not models.
  private static final long MAX_ENTRIES = 10_000;

  private static final long MAX_DIRECTORY_BYTES = 4L << 20;

  private final Path path;
  private final MemorySegment file;
  private final List<Entry> entries = new ArrayList<>();

  /// Where the central directory lies.
  private record Directory(long count, long bytes, long offset) {}

  /// @param begin where the local header begins, in bytes from the start of the file
  /// @param end the first byte after the data
  private record Entry(String name, long begin, long dataOffset, long end) {}

  private StoredZip(Path path, MemorySegment file) {
    this.path = path;
    this.file = file;
  }

  /// The data of every entry by name, in the order of the central directory.
  ///
  /// @throws IllegalArgumentException if the archive is cut off, contradicts itself, or is one of a
  ///   kind that PyTorch does not write
  static SequencedMap<String, MemorySegment> entries(Path path, MemorySegment file) {
    StoredZip zip = new StoredZip(path, file);
    zip.readEntries(zip.directory());
    zip.requireNoOverlaps();
    SequencedMap<String, MemorySegment> entries = new LinkedHashMap<>();
    for (Entry entry : zip.entries) {
      MemorySegment data = file.asSlice(entry.dataOffset(), entry.end() - entry.dataOffset());
      if (entries.putIfAbsent(entry.name(), data) != null) {
        throw zip.refused("has two entries named '%s'".formatted(entry.name()));
      }
    }
    return entries;
  }

  private Directory directory() {
    long end = endRecord();
    if (u16(end + 4) != 0 || u16(end + 6) != 0) {
      throw refused("is one disk of a zip archive that spans several");
    }
    Directory stated = new Directory(u16(end + 10), u32(end + 12), u32(end + 16));
    long locator = end - LOCATOR64_BYTES;
    long limit = end;
    if (locator >= 0 && u32(locator) == LOCATOR64_SIGNATURE) {
      limit = i64(locator + 8);
      if (limit < 0 || limit > locator - END64_BYTES || u32(limit) != END64_SIGNATURE) {
        throw refused(
            "says its zip64 end record is at byte %d, where there is none".formatted(limit));
      }
      Directory stated64 = new Directory(i64(limit + 32), i64(limit + 40), i64(limit + 48));
      requireAgreement("entries", stated.count(), MAX_U16, stated64.count());
      requireAgreement("bytes of directory", stated.bytes(), MAX_U32, stated64.bytes());
      requireAgreement("as the directory's offset", stated.offset(), MAX_U32, stated64.offset());
      stated = stated64;
    }
    requireInside(stated, limit);
    return stated;
  }

  /// The end record is the last thing in the file but for a comment, whose length it holds.
  private long endRecord() {
    long last = file.byteSize() - END_BYTES;
    for (long at = last; at >= Math.max(0, last - MAX_U16); at--) {
      if (u32(at) == END_SIGNATURE && u16(at + 20) == last - at) {
        return at;
      }
    }
    throw new IllegalArgumentException(
        ("%s: has %d bytes and no end of a zip archive, so it was cut off or PyTorch did not write"
                + " it (before 1.6 it wrote another format); fetch it again")
            .formatted(path, file.byteSize()));
  }

  private void requireAgreement(String what, long stated, long saturated, long stated64) {
    if (stated != saturated && stated != stated64) {
      throw refused("states %d and, in zip64, %d %s".formatted(stated, stated64, what));
    }
  }

  private void requireInside(Directory directory, long limit) {
    if (directory.count() < 0 || directory.count() > MAX_ENTRIES) {
      throw refused(
          "says it has %s entries, at most %d are read"
              .formatted(Long.toUnsignedString(directory.count()), MAX_ENTRIES));
    }
    if (directory.bytes() < directory.count() * CENTRAL_BYTES
        || directory.bytes() > MAX_DIRECTORY_BYTES
        || directory.offset() < 0
        || directory.offset() > limit - directory.bytes()) {
      throw refused(
          "says its %d entries are listed in %d bytes at %d, before byte %d"
              .formatted(directory.count(), directory.bytes(), directory.offset(), limit));
    }
  }

  private void readEntries(Directory directory) {
    long at = directory.offset();
    long end = directory.offset() + directory.bytes();
    for (long i = 0; i < directory.count(); i++) {
      if (at > end - CENTRAL_BYTES || u32(at) != CENTRAL_SIGNATURE) {
        throw refused(
            "says it has %d entries, its directory lists %d".formatted(directory.count(), i));
      }
      long next = at + CENTRAL_BYTES + u16(at + 28) + u16(at + 30) + u16(at + 32);
      if (next > end) {
        throw refused("has an entry %d that reaches out of the directory".formatted(i));
      }
      entries.add(entry(at, directory.offset()));
      at = next;
    }
    if (at != end) {
      throw refused(
          "says it has %d entries, its directory has %d bytes more"
              .formatted(directory.count(), end - at));
    }
  }

  /// @param at where the entry of the directory begins
  /// @param limit where data must end at the latest
  private Entry entry(long at, long limit) {
    String name = text(at + CENTRAL_BYTES, u16(at + 28));
    if (u16(at + 10) != 0 || (u16(at + 8) & ENCRYPTED) != 0) {
      throw refused(
          "entry '%s' is compressed or encrypted (method %d, flags %d), PyTorch stores it as it is"
              .formatted(name, u16(at + 10), u16(at + 8)));
    }
    long extra = at + CENTRAL_BYTES + u16(at + 28);
    long[] sizes = {u32(at + 24), u32(at + 20), u32(at + 42)}; // data, stored data, offset
    widen(sizes, extra, extra + u16(at + 30));
    long bytes = sizes[0];
    long begin = sizes[2];
    if (sizes[1] != bytes) {
      throw refused("entry '%s' has %d bytes, stored as %d".formatted(name, bytes, sizes[1]));
    }
    if (begin < 0 || begin > limit - LOCAL_BYTES || u32(begin) != LOCAL_SIGNATURE) {
      throw refused(
          "entry '%s' should begin at byte %d, where there is none".formatted(name, begin));
    }
    long dataOffset = begin + LOCAL_BYTES + u16(begin + 26) + u16(begin + 28);
    if (bytes < 0 || dataOffset > limit || bytes > limit - dataOffset) {
      throw refused(
          "entry '%s' has %s bytes from byte %d on, the directory begins at %d"
              .formatted(name, Long.toUnsignedString(bytes), dataOffset, limit));
    }
    if (!text(begin + LOCAL_BYTES, u16(begin + 26)).equals(name)) {
      throw refused("entry '%s' has another name at byte %d".formatted(name, begin));
    }
    return new Entry(name, begin, dataOffset, dataOffset + bytes);
  }

  /// Replaces the sizes that 32 bits do not hold by those of the zip64 extra field.
  private void widen(long[] sizes, long begin, long end) {
    for (long field = begin; field <= end - 4; field += 4 + u16(field + 2)) {
      long fieldEnd = Math.min(end, field + 4 + u16(field + 2));
      if (u16(field) == EXTRA64_ID) {
        long value = field + 4;
        for (int i = 0; i < sizes.length; i++) {
          if (sizes[i] == MAX_U32 && value <= fieldEnd - Long.BYTES) {
            sizes[i] = i64(value);
            value += Long.BYTES;
          }
        }
        return;
      }
    }
  }

  private void requireNoOverlaps() {
    Entry before = null;
    for (Entry entry : entries.stream().sorted(Comparator.comparingLong(Entry::begin)).toList()) {
      if (before != null && entry.begin() < before.end()) {
        throw refused(
            "entry '%s' begins at byte %d, inside of entry '%s', which ends at %d"
                .formatted(entry.name(), entry.begin(), before.name(), before.end()));
      }
      before = entry;
    }
  }

  /// Names go into messages of one line.
  private String text(long offset, int bytes) {
    byte[] encoded = file.asSlice(offset, bytes).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(encoded, StandardCharsets.UTF_8);
    if (text.length() > 255 || text.chars().anyMatch(Character::isISOControl)) {
      throw refused("has an entry whose name is too long or has control characters");
    }
    return text;
  }

  private IllegalArgumentException refused(String fact) {
    return new IllegalArgumentException("%s: %s; fetch it again".formatted(path, fact));
  }

  private int u16(long offset) {
    return Short.toUnsignedInt(file.get(LittleEndian.SHORT, offset));
  }

  private long u32(long offset) {
    return Integer.toUnsignedLong(file.get(LittleEndian.INT, offset));
  }

  private long i64(long offset) {
    return file.get(LittleEndian.LONG, offset);
  }
}
