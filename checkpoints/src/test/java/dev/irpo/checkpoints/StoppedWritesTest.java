package dev.irpo.checkpoints;

import static dev.irpo.checkpoints.TestModels.config;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.checkpoints.table.TableSchema;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.testdata.disk.Change;
import dev.irpo.testdata.disk.Sweep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever is written is stopped at each change, by a kill and by the loss of what was not on the
/// disk, or finds the disk full there; written again it has the bytes of what nothing stopped.
class StoppedWritesTest {
  private static final List<StoredTensor> TENSORS =
      List.of(
          tensor("a", DType.F32, 1, 5, 7),
          tensor("b", DType.BF16, 2, 33),
          tensor("c", DType.F32, 3, 1));
  private static final TokenizerFiles TOKENIZER = TokenizerFiles.sentencePiece(new byte[] {1, 2});

  @TempDir private Path temporary;

  private void sweep(int leastChanges, Sweep.Work prepare, Sweep.Work work) throws IOException {
    Sweep sweep = new Sweep(temporary, prepare, locked(work));
    List<Change> changes = sweep.changes();
    assertTrue(changes.size() >= leastChanges, changes.toString());
    sweep.stopEverywhere();
    sweep.fillEverywhere(Exception::getMessage);
  }

  private void sweep(int leastChanges, Sweep.Work work) throws IOException {
    sweep(leastChanges, _ -> {}, work);
  }

  /// Work of the one process that has the folder, which deletes what others left half-written.
  private static Sweep.Work locked(Sweep.Work work) {
    return folder -> {
      try (FolderLock lock = new FolderLock(folder)) {
        lock.take();
        work.in(folder);
      }
    };
  }

  @Test
  void aFileOfJsonInFoldersThatAreNotThere() throws IOException {
    sweep(
        12,
        folder ->
            SummedText.writeJson(folder.resolve("a/b/c.json"), Map.of("rollouts", 8, "pairs", 3)));
  }

  @Test
  void aFileThatReplacesAnother() throws IOException {
    sweep(
        9,
        folder -> Files.writeString(folder.resolve("text"), "the old text"),
        folder ->
            AtomicFiles.writeFile(
                folder.resolve("text"), to -> Files.writeString(to, "the new one")));
  }

  @Test
  void aTable() throws IOException {
    TableSchema<Integer> schema =
        new TableSchema<Integer>().int32("number", i -> i).utf8("text", i -> "row " + i);
    List<Integer> rows = IntStream.range(0, TableWriter.BATCH_ROWS + 5).boxed().toList();
    sweep(20, folder -> TableWriter.writeAll(folder.resolve("rows.arrow"), schema, rows));
  }

  @Test
  void aModel() throws IOException {
    sweep(
        30,
        folder -> {
          if (!Files.exists(folder.resolve("model"))) {
            ArrowModelWriter.keepingTypes()
                .write(folder.resolve("model"), config(), TENSORS, TOKENIZER);
          }
        });
  }

  @Test
  void aConversionAndAnExport() throws IOException {
    Path source = temporary.resolve("source");
    new HuggingFaceWriter(300).write(source, config(), TENSORS, TOKENIZER);
    ArrowModelWriter writer = new ArrowModelWriter(Optional.empty(), 60, 1 << 20);
    sweep(
        60,
        folder -> {
          try (StoredModel model = ModelFormats.open(source)) {
            if (isUnfinished(folder.resolve("converted"))) {
              writer.write(folder.resolve("converted"), model);
            }
            if (isUnfinished(folder.resolve("exported"))) {
              new HuggingFaceWriter(100).write(folder.resolve("exported"), model);
            }
          }
        });
  }

  private static boolean isUnfinished(Path model) {
    return !Files.exists(model) || Files.exists(model.resolve("conversion.jsonl"));
  }

  @Test
  void aFolderThatIsDeleted() throws IOException {
    sweep(
        6,
        folder -> {
          Files.createDirectories(folder.resolve("step-2"));
          Files.writeString(folder.resolve("step-2/state.json"), "{}");
        },
        folder -> {
          if (Files.exists(folder.resolve("step-2"))) {
            AtomicFiles.deleteFolder(folder.resolve("step-2"));
          }
        });
  }

  @Test
  void aDamagedFileThatIsPutAsideAndAnotherThatIsCopied() throws IOException {
    sweep(
        10,
        folder -> {
          Files.writeString(folder.resolve("part"), "damaged");
          Files.writeString(folder.resolve("metrics"), "damaged lines");
        },
        folder -> {
          if (!DamagedFiles.isMissed(folder.resolve("part"))) {
            DamagedFiles.putAside(folder.resolve("part"));
          }
          if (DamagedFiles.lastOf(folder.resolve("metrics")).isEmpty()) {
            DamagedFiles.keepCopy(folder.resolve("metrics"));
          }
        });
  }
}
