package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// The bits of every kernel depend on the arguments alone.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelBitsTest {
  private final List<CpuBackend> backends = new ArrayList<>();

  @BeforeAll
  void open() {
    for (int threads = 1; threads <= 3; threads++) {
      backends.add(new CpuBackend(threads));
    }
  }

  @AfterAll
  void close() {
    backends.forEach(CpuBackend::close);
  }

  @TestFactory
  Stream<DynamicTest> everyKernelGivesTheSameBitsOnOneTwoAndThreeThreads() {
    return KernelCases.all().map(c -> dynamicTest(c.name(), () -> requireEqualBits(c)));
  }

  private void requireEqualBits(KernelCase c) {
    long bits = c.bits(backends.getFirst().kernels());
    for (CpuBackend backend : backends.subList(1, backends.size())) {
      assertEquals(bits, c.bits(backend.kernels()));
    }
  }

  @Test
  void everyKernelGivesTheSameBitsForEveryVectorWidth() throws Exception {
    List<String> widest = checksums(KernelChecksums.SOME, "-Dirpo.vectorBits=512");
    assertTrue(widest.size() > 50, () -> "only " + widest.size() + " cases were compared");
    assertEquals(widest, checksums(KernelChecksums.SOME, "-Dirpo.vectorBits=128"));
    assertEquals(widest, checksums(KernelChecksums.SOME, "-Dirpo.vectorBits=256"));
  }

  @Test
  void interpretedAndCompiledCodeGiveTheSameBits() throws Exception {
    List<String> compiled = checksums(KernelChecksums.SMALL);
    assertEquals(compiled, checksums(KernelChecksums.SMALL, "-Xint"));
  }

  /// What [KernelChecksums] prints in a JVM of its own.
  private static List<String> checksums(String... flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of("--add-modules=jdk.incubator.vector", "-Xmx512m"));
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(KernelChecksums.class.getName());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (InputStream output = process.getInputStream()) {
      List<String> lines =
          new String(output.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      assertEquals(0, process.waitFor(), () -> command + " failed");
      return lines;
    }
  }
}
