package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `irpo tokenize`.
@Command(
    name = "tokenize",
    mixinStandardHelpOptions = true,
    header = "Text to token ids, and back.",
    description = "{\"text\":…} to {\"ids\":[…]} line by line, or back with --decode.")
final class TokenizeCommand implements Callable<Integer> {
  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source;

  static final class Source {
    @Option(names = "--model", paramLabel = "MODEL", description = "model with its tokenizer")
    private Path model;

    @Option(names = "--tokenizer", paramLabel = "FILE", description = "tokenizer.model or .json")
    private Path tokenizer;
  }

  @Option(names = "--decode", description = "from ids to text")
  private boolean decode;

  @Option(names = "--specials", description = "control pieces in the text become their ids")
  private boolean specials;

  @Override
  public Integer call() throws IOException {
    Tokenizer tokenizer = tokenizer();
    try (JsonLines.LineReader reader = JsonLines.standardInput()) {
      for (JsonLines.Line line = reader.next(); line != null; line = reader.next()) {
        ObjectNode result = JsonLines.object();
        if (decode) {
          try {
            result.put("text", tokenizer.decode(line.ids("ids")));
          } catch (IllegalArgumentException e) {
            throw line.mistake(e.getMessage());
          }
        } else {
          String text = line.text("text");
          ArrayNode ids = result.putArray("ids");
          for (int id : specials ? tokenizer.encodeWithSpecials(text) : tokenizer.encode(text)) {
            ids.add(id);
          }
        }
        JsonLines.print(result);
      }
    }
    return 0;
  }

  private Tokenizer tokenizer() throws IOException {
    if (source.tokenizer != null) {
      return ModelFiles.tokenizer(source.tokenizer).tokenizer();
    }
    try (StoredModel model = ModelFiles.open(source.model, Optional.empty())) {
      return ModelFiles.requireText(model).tokenizer();
    }
  }
}
