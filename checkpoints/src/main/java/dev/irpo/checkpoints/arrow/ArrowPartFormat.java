package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// A converted folder with some of a model's tensors; its [BaseModel] has the others, in whatever
/// format.
public final class ArrowPartFormat implements ModelFormat {
  private static final ArrowFormat FOLDER = new ArrowFormat();

  private final Finder formats;

  /// @param formats of the bases
  public ArrowPartFormat(Finder formats) {
    this.formats = formats;
  }

  @Override
  public String name() {
    return "ARROW_PART";
  }

  @Override
  public String description() {
    return "a folder with " + BaseModel.FILE_NAME;
  }

  @Override
  public boolean matches(Path path) {
    return FOLDER.matches(path) && Files.exists(path.resolve(BaseModel.FILE_NAME));
  }

  @Override
  public ModelParts read(Path folder, Arena arena) throws IOException {
    ModelParts own = FOLDER.read(folder, arena);
    BaseModel base = BaseModel.read(folder);
    ModelFormat format = formatOf(base, folder);
    base.requireUnchanged(folder);
    ModelParts rest = format.read(base.path(), arena);
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (String name : base.tensors()) {
      StoredTensor tensor = own.tensors().getOrDefault(name, rest.tensors().get(name));
      if (tensor == null) {
        throw new IllegalArgumentException(
            "%s: neither this folder nor %s has the tensor '%s'; copy the folder again"
                .formatted(folder.resolve(BaseModel.FILE_NAME), base.path(), name));
      }
      tensors.put(name, tensor);
    }
    return new ModelParts(own.config(), tensors);
  }

  /// Of the base too; that it is the one which the folder names was checked when it was read.
  @Override
  public void verifyChecksums(Path folder, SeenChecksums seen) throws IOException {
    FOLDER.verifyChecksums(folder, seen);
    BaseModel base = BaseModel.read(folder);
    formatOf(base, folder).verifyChecksums(base.path(), seen);
  }

  /// The format of the base; asked before its checksum is computed, which of a folder that is no
  /// model could take as long as reading a whole disk.
  private ModelFormat formatOf(BaseModel base, Path folder) throws IOException {
    base.requireThere(folder);
    try {
      return formats.of(base.path());
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(
          "%s: its base %s".formatted(folder.resolve(BaseModel.FILE_NAME), e.getMessage()), e);
    }
  }
}
