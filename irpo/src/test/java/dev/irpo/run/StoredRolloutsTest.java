package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.rollout.Rollout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredRolloutsTest {
  @TempDir private Path temporary;
  private RolloutFolder files;

  @BeforeEach
  void makeFolder() throws IOException {
    files = new RolloutFolder(temporary);
    Files.createDirectory(files.rollouts());
  }

  private static List<Rollout> samples(int problem) {
    List<Rollout> samples = new ArrayList<>();
    for (int sample = 0; sample < 2; sample++) {
      samples.add(
          new Rollout(
              problem,
              "p" + problem,
              sample,
              new int[] {1, 5},
              new int[] {7, 2},
              new float[] {-1, -0.5f},
              " 4",
              "stop",
              Optional.of("4"),
              1,
              "number-v2"));
    }
    return samples;
  }

  private void writePart(int part, int... problems) throws IOException {
    List<Rollout> rollouts = new ArrayList<>();
    for (int problem : problems) {
      rollouts.addAll(samples(problem));
    }
    TableWriter.writeAll(files.part(part), Rollout.SCHEMA, rollouts);
  }

  private Path journal(int... problems) throws IOException {
    try (RolloutJournal journal = RolloutJournal.begin(files.rollouts(), 1, 0)) {
      for (int problem : problems) {
        journal.append(problem, samples(problem));
      }
    }
    return files.rollouts().resolve("journal-0001-00000.txt");
  }

  private static List<String> names(List<Rollout> rollouts) {
    return rollouts.stream().map(rollout -> rollout.problemId() + " " + rollout.sample()).toList();
  }

  private List<String> read() throws IOException {
    List<String> read = new ArrayList<>();
    StoredRollouts.read(files, some -> read.addAll(names(some)), damaged -> fail(damaged));
    return read;
  }

  @Test
  void partsComeFirstAndThenTheProblemsOfJournalsThatNoPartHas() throws IOException {
    writePart(1, 100, 101);
    var _ = journal(100, 3, 101, 2);
    assertEquals(
        List.of("p100 0", "p100 1", "p101 0", "p101 1", "p2 0", "p2 1", "p3 0", "p3 1"), read());
  }

  @Test
  void aLineThatWasNotEndedDoesNotCount() throws IOException {
    Path journal = journal(4, 5);
    byte[] bytes = Files.readAllBytes(journal);
    Files.write(journal, Arrays.copyOf(bytes, bytes.length - 9));
    assertEquals(List.of("p4 0", "p4 1"), read());
  }

  @Test
  void partsThatAreMadeMeanwhileAreReadInPlaceOfTheirJournals() throws IOException {
    Path journal = journal(0, 1, 2);
    List<String> read = new ArrayList<>();
    StoredRollouts.read(
        files,
        some -> {
          if (read.isEmpty()) {
            replace(journal);
          }
          read.addAll(names(some));
        },
        damaged -> fail(damaged));
    assertEquals(List.of("p0 0", "p0 1", "p1 0", "p1 1", "p2 0", "p2 1"), read);
  }

  /// What a run does at the end of its sampling.
  private void replace(Path journal) {
    try {
      writePart(0, 0, 1, 2);
      Files.delete(journal);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whereNothingWasSampledThereIsNothing() throws IOException {
    Files.delete(files.rollouts());
    assertEquals(List.of(), read());
  }
}
