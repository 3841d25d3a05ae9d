package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  private static final RunConfig DEMO = RunConfig.of(Preset.DEMO);

  @TempDir private Path temporary;

  private RunFolder folder() {
    return new RunFolder(temporary.resolve("run"));
  }

  private static String refusal(RunFolder folder, RunConfig config) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> folder.open(config)).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @Test
  void aNewRunKeepsItsConfiguration() throws IOException {
    folder().open(DEMO);
    assertEquals(DEMO, RunConfig.load(Optional.of(folder().configFile()), List.of()));
  }

  @Test
  void theSameConfigurationGoesOn() throws IOException {
    folder().open(DEMO);
    folder().open(RunConfig.of(Preset.DEMO));
    String text = Files.readString(folder().configFile());
    assertTrue(text.startsWith(DEMO.toYaml() + "# crc32c: "), text);
  }

  @Test
  void anotherConfigurationIsRefusedWithTheFirstDifference() throws IOException {
    folder().open(DEMO);
    String message = refusal(folder(), DEMO.with("train.batchSize=8", "pairs.perPrompt=5"));
    assertTrue(message.startsWith(folder().configFile() + ": "), message);
    assertTrue(message.contains("'batchSize: 16' there, 'batchSize: 8' now"), message);
    assertTrue(message.contains("--out"), message);
  }

  @Test
  void aFolderOfOtherThingsIsRefused() throws IOException {
    Files.createDirectories(folder().root());
    Files.writeString(folder().root().resolve("notes.txt"), "mine");
    String message = refusal(folder(), DEMO);
    assertTrue(message.startsWith(folder().root() + ": "), message);
    assertTrue(message.contains("config.yaml"), message);
  }

  @Test
  void droppedPromptsReadAsReasonsWithCounts() {
    var dropped = new TreeMap<String, Integer>();
    assertEquals("none", new RolloutCounts(8, 4, 2, 0, dropped).droppedText());
    dropped.put("too-long", 1);
    dropped.put("no-loser", 12);
    assertEquals("no-loser 12, too-long 1", new RolloutCounts(8, 4, 2, 0, dropped).droppedText());
  }
}
