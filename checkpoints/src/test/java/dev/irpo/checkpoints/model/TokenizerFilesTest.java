package dev.irpo.checkpoints.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.files.NewFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerFilesTest {
  @TempDir private Path folder;

  private Path write(String name, int content) throws IOException {
    return Files.write(folder.resolve(name), new byte[] {(byte) content});
  }

  @Test
  void bothKindsOfTokenizersAreFound() throws IOException {
    assertEquals(List.of(), TokenizerFiles.findIn(folder));
    Files.createDirectory(folder.resolve("tokenizer.model"));
    Path json = write("tokenizer.json", 1);
    assertEquals(List.of(json), TokenizerFiles.findIn(folder));
    Files.delete(folder.resolve("tokenizer.model"));
    Path model = write("tokenizer.model", 2);
    assertEquals(List.of(model, json), TokenizerFiles.findIn(folder));
  }

  @Test
  void aTokenizerOfAnyNameGetsTheNameOfItsKind() throws IOException {
    TokenizerFiles json = TokenizerFiles.read(List.of(write("mine.json", 1)));
    assertArrayEquals(new byte[] {1}, json.json().orElseThrow());
    assertTrue(json.sentencePiece().isEmpty());
    TokenizerFiles model = TokenizerFiles.read(List.of(write("mine.spm", 2)));
    assertArrayEquals(new byte[] {2}, model.sentencePiece().orElseThrow());
    assertTrue(model.json().isEmpty());
    assertEquals(List.of("tokenizer.model"), List.copyOf(model.contents().keySet()));
  }

  @Test
  void whatOtherProgramsReadBesideItComesAlong() throws IOException {
    Path tokenizer = write("tokenizer.json", 1);
    write("special_tokens_map.json", 2);
    write("tokenizer_config.json", 3);
    write("config.json", 4);
    TokenizerFiles files = TokenizerFiles.read(List.of(tokenizer));
    assertEquals(
        List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        List.copyOf(files.contents().keySet()));
    Path target = Files.createDirectory(folder.resolve("target"));
    files.writeTo(new NewFiles(target, _ -> {}));
    assertArrayEquals(new byte[] {3}, Files.readAllBytes(target.resolve("tokenizer_config.json")));
  }

  @Test
  void contentsAreOfTheKindThatTheyAreMadeOf() {
    byte[] content = {7};
    assertArrayEquals(content, TokenizerFiles.json(content).json().orElseThrow());
    assertArrayEquals(content, TokenizerFiles.sentencePiece(content).sentencePiece().orElseThrow());
    assertTrue(TokenizerFiles.none().contents().isEmpty());
  }
}
