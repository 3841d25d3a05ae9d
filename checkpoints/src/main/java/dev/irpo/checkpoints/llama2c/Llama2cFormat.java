package dev.irpo.checkpoints.llama2c;

import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.ModelParts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A llama2.c `.bin` file; its tokenizer is the only `*.model` file beside it.
///
/// Version 0 has no magic number: every file that no other format claims is taken for one.
public final class Llama2cFormat implements ModelFormat {
  @Override
  public String name() {
    return "LLAMA2C";
  }

  @Override
  public String description() {
    return "a llama2.c .bin file";
  }

  @Override
  public boolean matches(Path path) {
    return Files.isRegularFile(path);
  }

  @Override
  public ModelParts read(Path file, Arena arena) throws IOException {
    return Llama2cFile.read(file, arena);
  }

  @Override
  public List<Path> tokenizers(Path file) throws IOException {
    List<Path> candidates = tokenizersBeside(file);
    return candidates.size() == 1 ? candidates : List.of();
  }

  @Override
  public String missingTokenizer(Path file) throws IOException {
    return "%s: %d *.model files lie beside it, one is needed; name it with --tokenizer"
        .formatted(file, tokenizersBeside(file).size());
  }

  private static List<Path> tokenizersBeside(Path file) throws IOException {
    try (Stream<Path> files = Files.list(file.toAbsolutePath().getParent())) {
      return files.filter(beside -> beside.toString().endsWith(".model")).sorted().toList();
    }
  }
}
