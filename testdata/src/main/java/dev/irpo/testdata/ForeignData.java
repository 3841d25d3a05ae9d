package dev.irpo.testdata;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Finds published files that the repository does not hold: `gsm8k`, `arc-challenge`,
/// `stories260K`, `llama2-tokenizer`, `reports`.
///
/// ```text
/// IRPO_TEST_DATA   where                                 a missing file
/// not set          ../shared/data beside the checkout    skips the test; with CI=true fails it
/// a folder         there                                 skips the test; with CI=true fails it
/// none             nowhere: "there is none here"         skips the test, with CI=true too
/// ```
///
/// A build that should have the data (`.ci/run` where it lies beside the checkout) thus cannot pass
/// by losing it, and one that cannot have it says so in its own configuration.
public final class ForeignData {
  private static final String NONE = "none";
  private static final System.Logger LOG = System.getLogger(ForeignData.class.getName());

  private final Map<String, String> environment;
  private final Path repository;

  ForeignData(Map<String, String> environment, Path repository) {
    this.environment = environment;
    this.repository = repository;
  }

  /// A file or folder, for instance `gsm8k/train.jsonl`; where there is none the test that asks is
  /// skipped, or fails as the table says.
  public static Path path(String name) {
    return new ForeignData(System.getenv(), RepositoryRoot.find()).find(name);
  }

  Path find(String name) {
    String configured = environment.getOrDefault("IRPO_TEST_DATA", "");
    if (configured.equals(NONE)) {
      return skip("skipped: needs " + name + ", and IRPO_TEST_DATA is 'none'");
    }
    Path root =
        configured.isEmpty()
            ? repository.resolveSibling(Path.of("shared", "data"))
            : Path.of(configured);
    Path path = root.resolve(name);
    if (Files.exists(path)) {
      return path;
    }
    if ("true".equals(environment.get("CI"))) {
      return fail(
          path
              + ": no such file, and CI=true wants all test data; set IRPO_TEST_DATA to its folder,"
              + " or to 'none' where there is none");
    }
    return skip("skipped: " + path + " does not exist; set IRPO_TEST_DATA to the data's folder");
  }

  /// Surefire counts skipped tests without their reasons, so the reason is logged as well.
  private static Path skip(String reason) {
    LOG.log(System.Logger.Level.WARNING, reason);
    return abort(reason);
  }
}
