package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HugePagesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"4194304, true", "2097152, true", "2097151, false"})
  void linuxKnowsThatAMapOfALargePageOrMoreWantsThem(int bytes, boolean wants) throws IOException {
    assumeTrue(Files.exists(Path.of("/sys/kernel/mm/transparent_hugepage")));
    Path file = Files.write(folder.resolve("weights"), new byte[bytes]);
    try (Arena arena = Arena.ofConfined()) {
      MappedFiles.map(file, arena);
      List<String> maps = Files.readAllLines(Path.of("/proc/self/smaps"));
      int map = 0;
      while (!maps.get(map).endsWith(file.toRealPath().toString())) {
        map++;
      }
      String flags =
          maps.stream().skip(map).filter(line -> line.startsWith("VmFlags:")).findFirst().get();
      assertEquals(wants, flags.contains(" hg"), flags);
    }
  }
}
