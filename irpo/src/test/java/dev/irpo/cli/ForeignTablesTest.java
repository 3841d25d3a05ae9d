package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.table.TableSchema;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Arrow tables of others where a command takes JSON Lines.
class ForeignTablesTest {
  @TempDir private Path temporary;

  @Test
  void aStreamOfPairsTrainsAsItsLinesDo() throws IOException {
    Path stream = ForeignData.path("reports/stream.arrow");
    Path model = ForeignData.path("reports/hf-base");
    assertFalse(PairFile.isStored(stream));
    Path lines = temporary.resolve("pairs.jsonl");
    Files.writeString(
        lines, "{\"prompt\":\"The cat\",\"chosen\":\" sat.\",\"rejected\":\" ran.\"}");
    for (Path pairs : List.of(stream, lines)) {
      CommandLineRun.of(
              "",
              "train",
              "--policy",
              model,
              "--pairs",
              pairs,
              "--out",
              temporary.resolve(pairs.getFileName() + ".out"),
              "--set",
              "train.steps=1",
              "--set",
              "train.batchSize=1",
              "--set",
              "compute.threads=1")
          .requireSuccess();
    }
    Path trained = Path.of("model", "manifest.json");
    assertEquals(
        Files.readString(temporary.resolve("pairs.jsonl.out").resolve(trained)),
        Files.readString(temporary.resolve("stream.arrow.out").resolve(trained)));
  }

  private record Text(String prompt, String response) {}

  @Test
  void rowsAreLinesWithTheirNumber() throws IOException {
    TableSchema<Text> schema =
        new TableSchema<Text>()
            .utf8("prompt", Text::prompt)
            .nullableUtf8("response", Text::response);
    Path table = temporary.resolve("texts.arrow");
    TableWriter.writeAll(table, schema, List.of(new Text("a", "b"), new Text("c", null)));
    List<JsonLines.Line> lines = JsonLines.read(table);
    assertEquals("b", lines.getFirst().text("response"));
    assertEquals(2, lines.getLast().number());
    assertFalse(lines.getLast().has("response"));
    sft(table).requireRefused(table + " line 2", "\"response\"");
    TableWriter.writeAll(table, schema, List.of());
    sft(table).requireRefused(table + ": holds no row");
  }

  private CommandLineRun sft(Path table) {
    return CommandLineRun.of(
        "",
        "sft",
        "--model",
        ForeignData.path("reports/hf-base"),
        "--data",
        table,
        "--out",
        temporary.resolve("out"));
  }

  @Test
  void aTableOfTheProgramsOwnPairsIsKnownByItsColumns() throws IOException {
    Path own = temporary.resolve("pairs.arrow");
    TableWriter.writeAll(own, PreferencePair.SCHEMA, List.of());
    assertTrue(PairFile.isStored(own));
    assertFalse(PairFile.isStored(temporary.resolve("nowhere.arrow")));
  }
}
