package dev.irpo.checkpoints.torch;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.checkpoints.TestModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SequencedMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every hostile archive is refused in far less than the time limit, whatever it claims.
@Timeout(5)
class StoredZipTest {
  private static final byte[] DATA = {1, 2, 3, 4, 5};
  private static final int CENTRAL_SIGNATURE = 0x02014b50;

  @Test
  void entriesHaveTheirBytesInTheOrderOfTheDirectory() {
    byte[] zip = new TorchWriter().add("b", DATA).add("a", new byte[0]).add("ä", DATA).bytes();
    SequencedMap<String, MemorySegment> entries = read(zip);
    assertEquals(List.of("b", "a", "ä"), List.copyOf(entries.keySet()));
    assertArrayEquals(DATA, TestModels.bytes(entries.get("b")));
    assertArrayEquals(DATA, TestModels.bytes(entries.get("ä")));
    assertEquals(0, entries.get("a").byteSize());
  }

  @Test
  void archivesOfTheJdkWithACommentAreReadIfTheyAreStored() throws IOException {
    assertArrayEquals(DATA, TestModels.bytes(read(jdkZip(ZipEntry.STORED)).get("one")));
    assertRefused(() -> read(jdkZip(ZipEntry.DEFLATED)), "'one' is compressed", "method 8");
  }

  @Test
  void entriesOfMoreThan4GbHaveTheirSizeInTheExtraField() {
    byte[] name = "big".getBytes(StandardCharsets.UTF_8);
    byte[] wide =
        ByteBuffer.allocate(28)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) 1)
            .putShort((short) 24)
            .putLong(5L << 32)
            .putLong(5L << 32)
            .putLong(0)
            .array();
    byte[] zip = new TorchWriter().add("big", DATA).bytes();
    int at = indexOf(zip, CENTRAL_SIGNATURE);
    byte[] saturated = patch(patch(patch(zip, at + 20, -1), at + 24, -1), at + 42, -1);
    assertRefused(() -> read(saturated), "'big' should begin at byte 4294967295");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(saturated, 0, at + 46 + name.length);
    all.writeBytes(wide);
    all.write(saturated, at + 46 + name.length, saturated.length - at - 46 - name.length);
    byte[] grown = all.toByteArray();
    grown[at + 30] = (byte) wide.length;
    int end64 = indexOf(grown, 0x06064b50);
    byte[] consistent =
        patch(patch(grown, end64 + 40, 49 + 28), indexOf(grown, 0x06054b50) + 12, 77);
    byte[] whole = patch(consistent, indexOf(grown, 0x07064b50) + 8, end64);
    assertRefused(() -> read(whole), "'big' has " + (5L << 32) + " bytes", "from byte 64");
    byte[] small = patch(patch(whole, at + 49 + 4, DATA.length), at + 49 + 12, DATA.length);
    byte[] right = patch(patch(small, at + 49 + 8, 0), at + 49 + 16, 0);
    assertArrayEquals(DATA, TestModels.bytes(read(right).get("big")));
  }

  @Test
  void filesCutAnywhereAreRefused() {
    byte[] zip = new TorchWriter().add("a", DATA).add("b", DATA).bytes();
    for (int length = 0; length < zip.length; length++) {
      byte[] cut = Arrays.copyOf(zip, length);
      assertRefused(() -> read(cut), "has " + length + " bytes", "cut off");
      byte[] headless = Arrays.copyOfRange(zip, zip.length - length, zip.length);
      assertRefused(() -> read(headless), "some.pth");
    }
  }

  @Test
  void directoriesThatLieAreRefused() {
    TorchWriter zip = new TorchWriter().add("a", DATA).add("b", DATA);
    byte[] whole = zip.bytes();
    int at = indexOf(whole, CENTRAL_SIGNATURE);
    refuse(zip.bytes(1L << 31, 94, at), "says it has 2147483648 entries", "at most 10000");
    refuse(zip.bytes(-1, 94, at), "18446744073709551615 entries");
    refuse(zip.bytes(3, 94, at), "3 entries are listed in 94 bytes");
    refuse(zip.bytes(1, 94, at), "says it has 1 entries", "47 bytes more");
    refuse(zip.bytes(2, 94, at + 1), "listed in 94 bytes at " + (at + 1));
    refuse(zip.bytes(2, 94, at - 1), "has 2 entries", "lists 0");
    refuse(zip.bytes(2, Long.MAX_VALUE, at), "listed in 9223372036854775807 bytes");
    refuse(zip.bytes(2, 94, Long.MIN_VALUE), "-9223372036854775808 as the");
    refuse(zip.bytes(2, 1 << 24, at), "listed in 16777216 bytes");
    int locator = indexOf(whole, 0x07064b50);
    refuse(patch(whole, locator + 8, 7), "zip64 end record is at byte 7");
    refuse(patch(whole, locator + 12, -1), "zip64 end record is at byte -");
    refuse(patch(whole, locator + 20 + 8, 0x0003_0003), "states 3 and, in zip64, 2 entries");
    refuse(patch(whole, locator + 20 + 4, 1), "spans several");
  }

  @Test
  void entriesThatLieAreRefused() {
    TorchWriter zip = new TorchWriter().add("a", DATA).add("b", DATA);
    byte[] whole = zip.bytes();
    int at = indexOf(whole, CENTRAL_SIGNATURE);
    refuse(patch(whole, at + 24, 6), "'a' has 6 bytes, stored as 5");
    refuse(patch(patch(whole, at + 20, 500), at + 24, 500), "'a' has 500 bytes from byte 64");
    refuse(patch(whole, at + 42, 1), "'a' should begin at byte 1");
    refuse(patch(whole, at + 42, at), "'a' should begin at byte " + at);
    refuse(patch(whole, at + 42, Integer.MIN_VALUE), "'a' should begin at byte 2147483648");
    refuse(patch(whole, 26, 0x7FFF_0001), "'a' has 5 bytes from byte 327");
    refuse(patch(whole, at + 8, 0x0000_0809), "encrypted");
    refuse(patch(whole, at + 28, 0x7FFF_0001), "entry 0 that reaches out");
    byte[] renamed = whole.clone();
    renamed[30] = 'x';
    refuse(renamed, "'a' has another name");
    byte[] control = whole.clone();
    control[at + 46] = '\n';
    refuse(control, "control characters");
    refuse(new TorchWriter().add("a", DATA).add("a", DATA).bytes(), "two entries named 'a'");
  }

  /// A bomb: one piece of data that a thousand entries claim.
  @Test
  void entriesThatShareBytesAreRefused() {
    TorchWriter zip = new TorchWriter().add("a", new byte[1 << 20]);
    byte[] name = {'a'};
    for (int i = 0; i < 1000; i++) {
      zip.addToDirectory(name, 0, 1 << 20, 0);
    }
    refuse(zip.bytes(), "'a' begins at byte 0, inside of entry 'a'");
    TorchWriter nested = new TorchWriter().add("a", new TorchWriter().add("b", DATA).bytes());
    nested.addToDirectory(new byte[] {'b'}, 64, DATA.length, 0);
    refuse(nested.bytes(), "'b' begins at byte 64, inside of entry 'a'");
  }

  private static void refuse(byte[] zip, String... facts) {
    assertRefused(() -> read(zip), facts);
  }

  private static SequencedMap<String, MemorySegment> read(byte[] zip) {
    return StoredZip.entries(Path.of("some.pth"), MemorySegment.ofArray(zip));
  }

  private static byte[] patch(byte[] zip, int at, int value) {
    byte[] patched = zip.clone();
    ByteBuffer.wrap(patched).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
    return patched;
  }

  private static int indexOf(byte[] zip, int signature) {
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (bytes.getInt(at) != signature) {
      at++;
    }
    return at;
  }

  private static byte[] jdkZip(int method) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setComment("a comment with PK in it");
      CRC32 crc = new CRC32();
      crc.update(DATA);
      ZipEntry entry = new ZipEntry("one");
      entry.setMethod(method);
      entry.setSize(DATA.length);
      entry.setCrc(crc.getValue());
      zip.putNextEntry(entry);
      zip.write(DATA);
      zip.closeEntry();
    }
    return out.toByteArray();
  }
}
