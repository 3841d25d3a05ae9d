package dev.irpo.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Options of every command that takes a model.
final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "converted, Hugging Face, PEFT or Meta folder, GGUF or llama2.c .bin file")
  Path model;

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description =
          "tokenizer.model or .json; default: the one inside a GGUF or beside the weights")
  private Path tokenizer;

  Optional<Path> tokenizer() {
    return Optional.ofNullable(tokenizer);
  }
}
