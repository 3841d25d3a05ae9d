package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Files that the repository does not hold; a test that lacks one is skipped with the reason.
final class TestData {
  private TestData() {}

  /// A file under `shared/data`, or under the folder that IRPO_TEST_DATA names.
  static Path data(String path) {
    String configured = System.getenv("IRPO_TEST_DATA");
    return find(
        configured != null
            ? List.of(Path.of(configured))
            : List.of(Path.of("../../shared/data"), Path.of("../shared/data")),
        path);
  }

  /// A file under `shared/golden`, which lies beside the data.
  static Path golden(String path) {
    String configured = System.getenv("IRPO_TEST_DATA");
    return find(
        configured != null
            ? List.of(Path.of(configured).resolveSibling("golden"))
            : List.of(Path.of("../../shared/golden"), Path.of("../shared/golden")),
        path);
  }

  private static Path find(List<Path> roots, String path) {
    return roots.stream()
        .map(root -> root.resolve(path))
        .filter(Files::exists)
        .findFirst()
        .orElseGet(() -> abort("skipped: " + path + " is not under " + roots));
  }
}
