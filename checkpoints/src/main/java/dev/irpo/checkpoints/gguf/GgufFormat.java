package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.checkpoints.model.TokenizerFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A GGUF file with a Llama; its tokenizer is inside it, or beside it as in a folder.
public final class GgufFormat implements ModelFormat {
  @Override
  public String name() {
    return "GGUF";
  }

  @Override
  public String description() {
    return "a .gguf file";
  }

  @Override
  public boolean matches(Path path) throws IOException {
    return Files.isRegularFile(path) && GgufFile.isGguf(path);
  }

  @Override
  public ModelParts read(Path file, Arena arena) throws IOException {
    return GgufModel.read(file, arena);
  }

  @Override
  public List<Path> tokenizers(Path file) {
    return TokenizerFiles.findIn(file.toAbsolutePath().getParent());
  }

  @Override
  public String missingTokenizer(Path file) {
    return "%s: there is no tokenizer inside it and no %s or %s beside it; copy one there or name one with --tokenizer"
        .formatted(file, TokenizerFiles.SENTENCE_PIECE, TokenizerFiles.JSON);
  }
}
