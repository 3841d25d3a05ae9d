package dev.irpo.provenance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.plan.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartsFileTest {
  @TempDir private Path folder;

  private static ProgramStart start(String time) {
    return new ProgramStart(time, "1.2.3", "25+36, X", "Linux 6, amd64", "P", 2, 8, 4, "cpu");
  }

  @Test
  void aStartSaysWhatItIsOn() {
    ProgramStart now = ProgramStart.now(3, "cpu");
    Instant time = Instant.parse(now.time());
    assertEquals(time.truncatedTo(ChronoUnit.SECONDS), time);
    assertEquals(ProgramVersion.NOT_FROM_THE_JAR, now.version(), "tests do not run from the jar");
    assertTrue(now.java().startsWith(Runtime.version().toString()), now.java());
    assertTrue(now.system().startsWith(System.getProperty("os.name")), now.system());
    assertEquals(Machine.processorModel().orElse("not known"), now.processor());
    assertEquals(Runtime.getRuntime().availableProcessors(), now.cores());
    assertEquals(Machine.memoryBytes(), now.memoryBytes());
    assertEquals(3, now.processes());
    assertEquals("cpu", now.backend());
  }

  @Test
  void aMachineIsProcessorCoresAndMemory() {
    ProgramStart start = new ProgramStart("", "", "", "", "EPYC", 16, 3L << 30, 1, "cpu");
    assertEquals("EPYC, 16 cores, 3.0 GB", start.machine());
  }

  @Test
  void aFolderWithoutTheFileHasNoStart() throws IOException {
    assertEquals(List.of(), StartsFile.in(folder).all());
  }

  @Test
  void startsAreAdded() throws IOException {
    StartsFile.in(folder).add(start("a"));
    StartsFile.in(folder).add(start("b"));
    assertEquals(List.of(start("a"), start("b")), StartsFile.in(folder).all());
  }

  @Test
  void whatALaterVersionNotesIsPassedOver() throws IOException {
    String line = SummedText.jsonLine(start("a"));
    Files.writeString(
        folder.resolve(StartsFile.NAME), line.replaceFirst("\"crc32c.*", "\"colour\":\"blue\"}"));
    assertEquals(List.of(start("a")), StartsFile.in(folder).all());
  }

  @Test
  void ofADamagedFileTheLinesBeforeTheDamageStay() throws IOException {
    StartsFile file = StartsFile.in(folder);
    file.add(start("a"));
    file.add(start("b"));
    String damaged = Files.readString(file.path()).replace("\"b\"", "\"c\"");
    Files.writeString(file.path(), damaged);
    String message = assertThrows(DamagedException.class, file::all).getMessage();
    assertTrue(message.startsWith(file.path() + ": is damaged (line 2 "), message);
    file.add(start("d"));
    assertEquals(List.of(start("a"), start("d")), file.all());
    List<Path> kept = DamagedFiles.in(folder);
    assertEquals(1, kept.size());
    assertEquals(damaged, Files.readString(kept.getFirst(), StandardCharsets.UTF_8));
  }
}
