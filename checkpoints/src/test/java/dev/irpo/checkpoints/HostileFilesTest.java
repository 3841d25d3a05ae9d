package dev.irpo.checkpoints;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever a file claims, a JVM of 120 MB of heap refuses it in one line and takes 200 MB in all.
class HostileFilesTest {
  private static final int MAX_SECONDS = 20; // a second and the start of a JVM on a busy machine
  private static final long MAX_KILOBYTES = 200_000;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void aSmallJvmRefusesIt(HostileFiles hostile) throws IOException, InterruptedException {
    Path model = hostile.write(Files.createDirectory(folder.resolve("model")));
    List<String> lines = opened(model);
    assertTrue(lines.getFirst().startsWith(model.toString()), lines.toString());
    assertTrue(lines.getFirst().contains(hostile.fact), lines.toString());
    List<String> peaks = lines.stream().filter(line -> line.startsWith("VmHWM:")).toList();
    assertEquals(1 + peaks.size(), lines.size(), lines.toString());
    for (String peak : peaks) { // on Linux
      long kilobytes = Long.parseLong(peak.replaceAll("[^0-9]", ""));
      assertTrue(kilobytes <= MAX_KILOBYTES, kilobytes + " kB");
    }
  }

  private List<String> opened(Path model) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (flag.startsWith("--")) {
        command.add(flag);
      }
    }
    command.addAll(List.of("-Xmx120m", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(HostileFiles.class.getName(), model.toString()));
    Path out = folder.resolve("out");
    Process child =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("err").toFile())
            .start();
    if (!child.waitFor(MAX_SECONDS, TimeUnit.SECONDS)) {
      child.destroyForcibly();
      throw new AssertionError("it takes longer than %d s".formatted(MAX_SECONDS));
    }
    assertEquals(0, child.exitValue(), Files.readString(folder.resolve("err")));
    return Files.readAllLines(out, StandardCharsets.UTF_8);
  }
}
