package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// NOTICE names what the jar carries, so a library cannot be added in silence.
final class NoticeTest {
  /// What only tests and benchmarks use.
  private static final List<String> LEFT_OUT =
      List.of(
          "junit",
          "opentest4j",
          "apiguardian",
          "archunit",
          "surefire",
          "jmh",
          "jopt",
          "jazzer",
          "tornado");

  @Test
  void everyLibraryOfTheJarIsNamed() throws IOException {
    String notice = Files.readString(Path.of("../NOTICE"));
    List<String> libraries =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> entry.endsWith(".jar") && entry.contains("repository"))
            .map(entry -> Path.of(entry).getFileName().toString().replaceAll("-[0-9].*", ""))
            .filter(library -> LEFT_OUT.stream().noneMatch(library::startsWith))
            .toList();

    assertFalse(libraries.isEmpty(), "the class path names no library");
    assertEquals(
        List.of(), libraries.stream().filter(library -> !notice.contains(library)).toList());
  }
}
