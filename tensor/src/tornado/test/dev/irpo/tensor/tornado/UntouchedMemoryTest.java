package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class UntouchedMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int ONE_GIB = 1 << 30;

  private static long residentBytes() throws IOException {
    try (Scanner status = new Scanner(STATUS, StandardCharsets.US_ASCII)) {
      while (!status.next().equals("VmRSS:")) {}
      return 1024 * status.nextLong(); // in kB
    }
  }

  @Test
  void arraysOfGigabytesTakeWhatIsWritten() throws IOException {
    assumeTrue(Files.exists(STATUS), "the system says nothing of its pages");
    long before = residentBytes();
    List<FloatArray> arrays = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      arrays.add(UntouchedMemory.floats(ONE_GIB / Float.BYTES));
      arrays.getLast().set(1 << 20, 3);
    }
    assertEquals(3, arrays.getLast().get(1 << 20));
    assertEquals(0, arrays.getLast().get(ONE_GIB / Float.BYTES - 1));
    assertEquals(ONE_GIB / Float.BYTES, arrays.getLast().getSize());
    long taken = residentBytes() - before;
    assertTrue(taken < ONE_GIB / 8, "bytes taken: " + taken);
  }

  @Test
  void memoryIsZeroAndAligned() {
    for (long bytes : new long[] {1, 63, 4096, 1_000_003}) {
      MemorySegment memory = UntouchedMemory.allocate(bytes);
      assertEquals(bytes, memory.byteSize());
      assertEquals(0, memory.address() % 64);
      assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, bytes - 1));
      memory.fill((byte) 7);
    }
  }
}
