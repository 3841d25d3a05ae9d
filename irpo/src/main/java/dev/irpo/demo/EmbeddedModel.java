package dev.irpo.demo;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.model.TextRules;
import dev.irpo.tensor.DType;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The base model M_0 in the jar, which [BaseModelRecipe] made.
public final class EmbeddedModel {
  /// What its weights are stored in.
  public static final DType TYPE = DType.F32;

  private EmbeddedModel() {}

  /// Writes the model as a folder and checks its checksums.
  public static void copyTo(Path folder) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        temporary -> {
          copy(Manifest.FILE_NAME, temporary);
          List<String> names = new ArrayList<>(Manifest.read(temporary).files().keySet());
          for (String name : names) {
            copy(name, temporary);
          }
          Manifest.read(temporary).verifyChecksums(temporary);
        });
  }

  /// Its sizes.
  public static LlamaConfig config() throws IOException {
    return LlamaConfig.of(
        new ObjectMapper()
            .readValue(bytes("config.json"), new TypeReference<Map<String, Object>>() {}));
  }

  /// How its texts become ids.
  public static TextRules text() throws IOException {
    TokenizerFiles files = TokenizerFiles.sentencePiece(bytes(TokenizerFiles.SENTENCE_PIECE));
    return TextRules.of(files, config()).orElseThrow();
  }

  private static byte[] bytes(String name) throws IOException {
    try (InputStream content = content(name)) {
      return content.readAllBytes();
    }
  }

  private static InputStream content(String name) {
    InputStream content = EmbeddedModel.class.getResourceAsStream("model/" + name);
    if (content == null) {
      throw new IllegalStateException("the jar lacks its base model's " + name);
    }
    return content;
  }

  private static void copy(String name, Path folder) throws IOException {
    try (InputStream content = content(name)) {
      Files.copy(content, folder.resolve(name));
    }
  }
}
