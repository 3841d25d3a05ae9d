package dev.irpo.tensor.kernel;

import dev.irpo.tensor.cpu.CpuBackend;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/// Prints a checksum of the bits of every kernel case, for comparison between JVMs.
final class KernelChecksums {
  /// Flag for every fifth case.
  static final String SOME = "-Dirpo.test.everyNth=5";

  /// Flag for the small cases, for the slow interpreter.
  static final String SMALL = "-Dirpo.test.maxElements=1500";

  private KernelChecksums() {}

  public static void main(String[] args) {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    int step = Integer.getInteger("irpo.test.everyNth", 1);
    long most = Long.getLong("irpo.test.maxElements", Long.MAX_VALUE);
    List<KernelCase> cases = KernelCases.all().filter(c -> c.elements() <= most).toList();
    try (CpuBackend cpu = new CpuBackend(2)) {
      IntStream.range(0, cases.size())
          .filter(i -> i % step == 0)
          .mapToObj(cases::get)
          .forEach(c -> out.println(c.name() + " " + Long.toHexString(c.bits(cpu.kernels()))));
    }
  }
}
