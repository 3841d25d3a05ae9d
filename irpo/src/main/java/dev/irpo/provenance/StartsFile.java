package dev.irpo.provenance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.files.SummedText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `starts.jsonl` of a folder, a line for each start of the program that worked there, with its
/// checksum ([SummedText]).
///
/// Its lines say when and on what, so it is the one file of a folder that two runs of the same
/// configuration do not share.
///
/// @param path of the file
public record StartsFile(Path path) {
  /// Its name.
  public static final String NAME = "starts.jsonl";

  private static final System.Logger LOG = System.getLogger(StartsFile.class.getName());
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// That of a folder.
  public static StartsFile in(Path folder) {
    return new StartsFile(folder.resolve(NAME));
  }

  /// Adds a start. Of a damaged file the lines up to the damage stay; the rest is kept aside with a
  /// warning, since nothing can make it again and no result depends on it.
  public void add(ProgramStart start) throws IOException {
    StringBuilder text = new StringBuilder();
    for (ObjectNode line : wholeLines()) {
      text.append(SummedText.jsonLine(line));
    }
    text.append(SummedText.jsonLine(start));
    AtomicFiles.writeFile(path, temporary -> Files.writeString(temporary, text));
  }

  private List<ObjectNode> wholeLines() throws IOException {
    try {
      return Files.exists(path) ? SummedText.requireWholeLines(path) : List.of();
    } catch (DamagedException e) {
      Path aside = DamagedFiles.keepCopy(path);
      LOG.log(
          System.Logger.Level.WARNING,
          "%s; kept as %s, the lines from there on are lost"
              .formatted(e.fact(), aside.getFileName()));
      return SummedText.wholeLines(path);
    }
  }

  /// All starts, in the order of time; none where no file is, as in folders of older versions.
  ///
  /// @throws DamagedException if a line is not what was written
  public List<ProgramStart> all() throws IOException {
    List<ProgramStart> starts = new ArrayList<>();
    if (Files.exists(path)) {
      for (ObjectNode line : SummedText.requireWholeLines(path)) {
        starts.add(start(line, starts.size() + 1));
      }
    }
    return starts;
  }

  private ProgramStart start(ObjectNode line, int number) {
    try {
      return MAPPER.treeToValue(line, ProgramStart.class);
    } catch (JsonProcessingException e) {
      throw new DamagedException(
          path,
          "%s: is damaged (line %d is no start of the program)".formatted(path, number),
          "put a copy of it back, or delete it",
          e);
    }
  }
}
