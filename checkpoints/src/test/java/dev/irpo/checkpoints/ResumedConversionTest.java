package dev.irpo.checkpoints;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.config;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An interrupted conversion resumes with the same call.
class ResumedConversionTest {
  /// Six weights files.
  private static final ArrowModelWriter WRITER =
      new ArrowModelWriter(Optional.of(DType.BF16), 60, 1 << 20);

  @TempDir Path folder;
  private Path source;
  private Path whole;
  private Path target;
  private Path unfinished;

  /// Stands for the death of the process.
  private static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @BeforeEach
  void convertUndisturbed() throws IOException {
    source = folder.resolve("source");
    TokenizerFiles tokenizer = TokenizerFiles.sentencePiece(new byte[] {1, 2, 3});
    new HuggingFaceWriter(300)
        .write(
            source,
            config(),
            List.of(
                tensor("a", DType.F32, 1, 5, 5),
                tensor("b", DType.F32, 2, 25),
                tensor("c", DType.BF16, 3, 25),
                tensor("d", DType.F32, 4, 7),
                tensor("e", DType.F32, 5, 30),
                tensor("f", DType.F32, 6, 30)),
            tokenizer);
    whole = folder.resolve("whole");
    convert(WRITER, whole, _ -> {});
    target = folder.resolve("target");
    unfinished = folder.resolve("target.unfinished");
  }

  @Test
  void whereverItStopsTheBytesAreThoseOfOneThatDidNot() throws IOException {
    int writes = 1;
    for (; stopsAt(writes); writes += 4) { // all of them take a minute of waiting for the disk
      assertFalse(Files.exists(target));
      assertRefused(() -> ModelFormats.open(unfinished), "is not finished");
      convert(WRITER, target, _ -> {});
      assertEquals(contents(whole), contents(target), "stopped at write " + writes);
      remove(target);
    }
    assertTrue(writes > 20, "only " + writes + " writes");
    assertEquals(contents(whole), contents(target));
  }

  @Test
  void anExportGoesOnLikewise() throws IOException {
    HuggingFaceWriter writer = new HuggingFaceWriter(70);
    try (StoredModel model = ModelFormats.open(whole)) {
      writer.write(folder.resolve("exported"), model);
      int[] writes = new int[1];
      LongConsumer stopping =
          _ -> {
            if (++writes[0] == 9) {
              throw new Stop();
            }
          };
      assertThrows(Stop.class, () -> writer.write(target, model, stopping));
      writer.write(target, model);
    }
    assertEquals(contents(folder.resolve("exported")), contents(target));
    assertFalse(contents(target).containsKey(Manifest.FILE_NAME));
  }

  @Test
  void filesThatAreWholeAreKeptAndOthersWrittenAgain() throws IOException {
    stopWhenTwoWeightsFilesAreWhole();
    Path kept = wholeWeightsFiles().getFirst();
    Files.setLastModifiedTime(kept, FileTime.fromMillis(1000));
    assertTrue(weightsFiles(unfinished) > wholeWeightsFiles().size(), "no file is torn");
    long[] reported = new long[1];
    convert(WRITER, target, bytes -> reported[0] += bytes);
    assertEquals(1000, Files.getLastModifiedTime(target.resolve(kept.getFileName())).toMillis());
    assertEquals(contents(whole), contents(target));
    long bytes = 0;
    for (String name : contents(whole).keySet()) {
      bytes += Files.size(whole.resolve(name));
    }
    assertEquals(bytes, reported[0]);
  }

  @Test
  void aTornLineOfTheJournalAndAFileOfAnotherSizeDoNotCount() throws IOException {
    stopWhenTwoWeightsFilesAreWhole();
    Path journal = unfinished.resolve("conversion.jsonl");
    String text = Files.readString(journal);
    Files.writeString(journal, text.substring(0, text.length() - 5));
    Files.write(wholeWeightsFiles().getFirst(), new byte[1], StandardOpenOption.APPEND);
    convert(WRITER, target, _ -> {});
    assertEquals(contents(whole), contents(target));
  }

  @Test
  void aFolderThatOnlyItsJournalIsLeftInIsFinished() throws IOException {
    stopWhenTwoWeightsFilesAreWhole();
    Path journal = unfinished.resolve("conversion.jsonl");
    byte[] lines = Files.readAllBytes(journal);
    convert(WRITER, target, _ -> {});
    Files.write(target.resolve("conversion.jsonl"), lines);
    ModelFormats.open(target).close();
    convert(WRITER, target, _ -> {});
    assertEquals(contents(whole), contents(target));
    assertThrows(FileAlreadyExistsException.class, () -> convert(WRITER, target, _ -> {}));
  }

  @Test
  void aSourceThatChangedIsRefused() throws IOException {
    stopWhenTwoWeightsFilesAreWhole();
    SortedMap<String, String> before = contents(unfinished);
    Path changed = source.resolve("model-00002-of-00002.safetensors");
    FileTime old = Files.getLastModifiedTime(changed);
    Files.setLastModifiedTime(changed, FileTime.fromMillis(5000));
    refuse(WRITER, "source '" + changed.getFileName() + "' was", "1970-01-01T00:00:05Z");
    Files.setLastModifiedTime(changed, old);
    Files.write(source.resolve("tokenizer.model"), new byte[] {4});
    refuse(WRITER, "tokenizer 'tokenizer.model' was");
    Files.delete(source.resolve("tokenizer.model"));
    refuse(WRITER, "tokenizer 'tokenizer.model' was", "is not there");
    assertEquals(before, contents(unfinished));
  }

  @Test
  void otherOptionsAreRefused() throws IOException {
    stopWhenTwoWeightsFilesAreWhole();
    refuse(ArrowModelWriter.keepingTypes(), "writer 'options' was", "BF16");
    Files.write(unfinished.resolve("conversion.jsonl"), new byte[0]);
    refuse(WRITER, "was started differently");
  }

  @Test
  void aFolderThatIsNoConversionIsRefusedAndStays() throws IOException {
    Files.createDirectory(unfinished);
    Files.writeString(unfinished.resolve("notes.txt"), "a user's own");
    refuse(WRITER, "holds no conversion.jsonl");
    assertEquals("a user's own", Files.readString(unfinished.resolve("notes.txt")));
  }

  @Test
  void onlyOneProcessWritesAFolder() throws IOException {
    LongConsumer second =
        _ -> {
          refuse(WRITER, "another process is writing it");
          throw new Stop();
        };
    assertThrows(Stop.class, () -> convert(WRITER, target, second));
    convert(WRITER, target, _ -> {});
    assertEquals(contents(whole), contents(target));
  }

  private void refuse(ArrowModelWriter writer, String... facts) {
    assertRefused(() -> convert(writer, target, _ -> {}), facts);
    assertRefused(() -> convert(writer, target, _ -> {}), unfinished.toString());
    assertFalse(Files.exists(target));
  }

  /// At most three others are begun then, of four, so one is torn.
  private void stopWhenTwoWeightsFilesAreWhole() {
    LongConsumer stopping =
        _ -> {
          if (wholeWeightsFiles().size() >= 2) {
            throw new Stop();
          }
        };
    assertThrows(Stop.class, () -> convert(WRITER, target, stopping));
  }

  private static long weightsFiles(Path model) throws IOException {
    try (Stream<Path> files = Files.list(model)) {
      return files.filter(file -> file.getFileName().toString().endsWith(".arrow")).count();
    }
  }

  /// Those that the journal names.
  private List<Path> wholeWeightsFiles() {
    try {
      return Files.readAllLines(unfinished.resolve("conversion.jsonl")).stream()
          .skip(1)
          .map(line -> line.replaceAll(".*\"name\":\"([^\"]*)\".*", "$1"))
          .filter(name -> name.startsWith("weights-"))
          .map(unfinished::resolve)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Whether a conversion has that many writes, at the last of which it is then stopped.
  private boolean stopsAt(int writes) throws IOException {
    int[] left = {writes};
    try {
      convert(
          WRITER,
          target,
          _ -> {
            if (--left[0] == 0) {
              throw new Stop();
            }
          });
      return false;
    } catch (Stop e) {
      return true;
    }
  }

  private void convert(ArrowModelWriter writer, Path to, LongConsumer onWritten)
      throws IOException {
    try (StoredModel model = ModelFormats.open(source)) {
      writer.write(to, model, onWritten);
    }
  }

  /// Checksums by name.
  private static SortedMap<String, String> contents(Path model) throws IOException {
    SortedMap<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Checksums.sha256(file));
      }
    }
    return contents;
  }

  private static void remove(Path model) throws IOException {
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(model);
  }
}
