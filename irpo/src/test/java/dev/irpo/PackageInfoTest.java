package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Every package teaches its concept in its `package-info.java`.
class PackageInfoTest {
  private static final int FEWEST_LINES = 2;
  private static final List<String> MODULES =
      List.of(
          "tensor", "tokenizer", "checkpoints", "distributed", "transformer", "irpo", "benchmarks");

  private static List<Path> packages(String module) {
    return Stream.of("src/main/java", "src/tornado/java")
        .map(sources -> Path.of("..", module, sources))
        .filter(Files::isDirectory)
        .flatMap(PackageInfoTest::foldersOfClasses)
        .toList();
  }

  private static Stream<Path> foldersOfClasses(Path sources) {
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .map(Path::getParent)
          .distinct()
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long linesOfDoc(Path folder) {
    Path file = folder.resolve("package-info.java");
    try (Stream<String> lines = Files.exists(file) ? Files.lines(file) : Stream.empty()) {
      return lines.filter(line -> line.startsWith("/// ")).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void everyPackageOfEveryModuleSaysWhatItIs() {
    for (String module : MODULES) {
      List<Path> packages = packages(module);
      assertTrue(!packages.isEmpty(), module + " has no packages");
      List<Path> lacking =
          packages.stream().filter(folder -> linesOfDoc(folder) < FEWEST_LINES).toList();
      assertEquals(
          List.of(), lacking, "write a package-info.java with at least 2 lines of what it teaches");
    }
  }
}
