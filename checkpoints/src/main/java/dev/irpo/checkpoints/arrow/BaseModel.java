package dev.irpo.checkpoints.arrow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.files.NewFiles;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;

/// The model that has the tensors a converted folder lacks, named by `base.json` in that folder:
///
/// ```text
/// {"model": "../../../model-0",   relative to the folder, absolute where that is impossible
///  "sha256": …,                   of its manifest.json, else of all its files
///  "tensors": ["model.embed_tokens.weight", …]}
/// ```
///
/// @param path of the base, absolute
/// @param sha256 what identifies its content
/// @param tensors names of all tensors of the whole, in its order: what the folder lacks of them is
///   the base's
public record BaseModel(Path path, String sha256, List<String> tensors) {
  /// The name of the file.
  public static final String FILE_NAME = "base.json";

  private static final String WAY_OUT =
      "; put it back as it was, or use a whole model, such as one that irpo export writes";

  /// Copies the list.
  public BaseModel {
    tensors = List.copyOf(tensors);
  }

  /// A model of any format as a base.
  ///
  /// @param tensors names of all tensors of the whole
  public static BaseModel of(Path model, Collection<String> tensors) throws IOException {
    return new BaseModel(real(model), identity(model), List.copyOf(tensors));
  }

  /// The model that has what a folder lacks which has some tensors itself: this one, or, as long as
  /// that is a folder with a base whose own tensors are among them, its base.
  ///
  /// @param own names of the tensors that the folder has itself
  public BaseModel below(Set<String> own) throws IOException {
    if (!Files.exists(path.resolve(FILE_NAME))) {
      return this;
    }
    try (Arena arena = Arena.ofConfined()) {
      if (!own.containsAll(new ArrowFormat().read(path, arena).tensors().keySet())) {
        return this;
      }
    }
    BaseModel next = read(path);
    return new BaseModel(next.path, next.sha256, tensors).below(own);
  }

  /// Writes `base.json` into a folder, which may be renamed within its parent afterwards.
  ///
  /// @return what was written, for [Manifest#write]
  public SortedMap<String, Manifest.Entry> writeTo(Path folder) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("model", relativeTo(folder.toRealPath()).replace(File.separatorChar, '/'));
    json.put("sha256", sha256);
    ArrayNode names = json.putArray("tensors");
    tensors.forEach(names::add);
    NewFiles files = new NewFiles(folder, _ -> {});
    files.write(FILE_NAME, json);
    return files.written();
  }

  /// Checks that this is the base of a folder, wherever it was when that was written; a folder that
  /// has all tensors has none.
  ///
  /// @throws IllegalArgumentException if the folder's base is another model
  public void requireBaseOf(Path folder) throws IOException {
    if (Files.exists(folder.resolve(FILE_NAME))) {
      read(folder).requireIdentity(folder, path, sha256);
    }
  }

  /// Reads the `base.json` of a folder.
  ///
  /// @throws IllegalArgumentException if it is not what the manifest says or is damaged
  static BaseModel read(Path folder) throws IOException {
    Path file = folder.resolve(FILE_NAME);
    Manifest.Entry listed = Manifest.read(folder).files().get(FILE_NAME);
    if (listed == null || !listed.sha256().equals(Checksums.sha256(file))) {
      throw damaged(file, "is not the file that " + Manifest.FILE_NAME + " lists", null);
    }
    ObjectNode json = JsonFiles.readObject(file);
    List<String> tensors = new ArrayList<>();
    for (JsonNode name : json.path("tensors")) {
      tensors.add(name.asText());
    }
    String sha256 = json.path("sha256").asText();
    if (!sha256.matches("[0-9a-f]{64}") || tensors.isEmpty()) {
      throw damaged(file, "needs model, sha256 and tensors", null);
    }
    try {
      Path path = folder.toRealPath().resolve(json.path("model").asText()).normalize();
      return new BaseModel(path, sha256, tensors);
    } catch (InvalidPathException e) {
      throw damaged(file, "'" + json.path("model").asText() + "' is no path", e);
    }
  }

  /// Checks that the model is there.
  ///
  /// @param folder whose base it is, for messages
  void requireThere(Path folder) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(
          JsonFiles.oneLine(
              "%s: the tensors that this folder lacks are those of %s, which is not there%s"
                  .formatted(folder.resolve(FILE_NAME), path, WAY_OUT)));
    }
  }

  /// Checks that the model, which is there, is what it was.
  ///
  /// @param folder whose base it is, for messages
  void requireUnchanged(Path folder) throws IOException {
    requireIdentity(folder, path, identity(path));
  }

  private void requireIdentity(Path folder, Path model, String found) {
    if (!found.equals(sha256)) {
      throw new IllegalArgumentException(
          "%s: the tensors that this folder lacks are those of a model with SHA-256 %s, %s has %s%s"
              .formatted(folder.resolve(FILE_NAME), sha256, model, found, WAY_OUT));
    }
  }

  /// A manifest has the checksums of all other files, so they need not be read.
  private static String identity(Path model) throws IOException {
    Path manifest = model.resolve(Manifest.FILE_NAME);
    return Files.exists(manifest) ? Checksums.sha256(manifest) : Checksums.ofContents(model);
  }

  /// Without links on the way to it; what it is called stays, because names tell formats.
  private static Path real(Path model) throws IOException {
    Path absolute = model.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    return parent == null ? absolute : parent.toRealPath().resolve(absolute.getFileName());
  }

  private String relativeTo(Path folder) {
    try {
      return folder.relativize(path).toString();
    } catch (IllegalArgumentException e) {
      return path.toString(); // on another drive
    }
  }

  private static IllegalArgumentException damaged(Path file, String fact, Exception cause) {
    return new IllegalArgumentException(
        "%s: %s; copy the folder again".formatted(file, fact), cause);
  }
}
