package dev.irpo.testdata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class ForeignDataTest {
  @TempDir Path folder;

  private Path find(String name, Map<String, String> environment) {
    return new ForeignData(environment, folder.resolve("checkout")).find(name);
  }

  private String skipped(String name, Map<String, String> environment) {
    return assertThrows(TestAbortedException.class, () -> find(name, environment)).getMessage();
  }

  private String failed(String name, Map<String, String> environment) {
    return assertThrows(AssertionFailedError.class, () -> find(name, environment)).getMessage();
  }

  private Path file(String place) throws IOException {
    Path file = folder.resolve(place);
    Files.createDirectories(file.getParent());
    return Files.createFile(file);
  }

  @Test
  void dataLiesBesideTheCheckoutOrWhereTheVariableSays() throws IOException {
    Path beside = file("shared/data/gsm8k/test.jsonl");
    Path elsewhere = file("elsewhere/gsm8k/test.jsonl");
    String data = folder.resolve("elsewhere").toString();
    assertEquals(beside, find("gsm8k/test.jsonl", Map.of()));
    assertEquals(beside, find("gsm8k/test.jsonl", Map.of("CI", "true")));
    assertEquals(elsewhere, find("gsm8k/test.jsonl", Map.of("IRPO_TEST_DATA", data)));
  }

  @Test
  void aFileThatTheNamedFolderLacksIsNotTakenFromBesideTheCheckout() throws IOException {
    file("shared/data/gsm8k/test.jsonl");
    String data = folder.resolve("elsewhere").toString();
    String reason = skipped("gsm8k/test.jsonl", Map.of("IRPO_TEST_DATA", data));
    assertTrue(reason.contains(Path.of("elsewhere", "gsm8k", "test.jsonl").toString()), reason);
  }

  @Test
  void aMissingFileSkipsTheTestAndFailsItWhereDataWasPromised() {
    String file = folder.resolve(Path.of("shared", "data", "gsm8k")).toString();
    String reason = skipped("gsm8k", Map.of());
    assertTrue(reason.startsWith("skipped: ") && reason.contains(file), reason);
    assertTrue(skipped("gsm8k", Map.of("CI", "false")).contains(file));
    assertTrue(failed("gsm8k", Map.of("CI", "true")).startsWith(file));
    String data = folder.toString();
    failed("gsm8k", Map.of("CI", "true", "IRPO_TEST_DATA", data));
  }

  @Test
  void noneSaysThatThereIsNoDataEvenInContinuousIntegration() throws IOException {
    file("shared/data/gsm8k/test.jsonl");
    Map<String, String> none = Map.of("CI", "true", "IRPO_TEST_DATA", "none");
    assertTrue(skipped("gsm8k/test.jsonl", none).contains("IRPO_TEST_DATA is 'none'"));
  }
}
