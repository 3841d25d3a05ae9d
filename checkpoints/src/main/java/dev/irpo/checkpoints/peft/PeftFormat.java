package dev.irpo.checkpoints.peft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.huggingface.SafetensorsFile;
import dev.irpo.checkpoints.model.FusedRows;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A folder of PEFT, whose base in whatever format `base_model_name_or_path` leads to.
public final class PeftFormat implements ModelFormat {
  /// The file of weights.
  static final String WEIGHTS = "adapter_model.safetensors";

  /// What the names of tensors have before ours.
  static final String PREFIX = "base_model.model.";

  private static final Pattern NAME =
      Pattern.compile(
          Pattern.quote(PREFIX) + "(.*\\.[a-z_]+\\.lora_[AB])(?:\\.default)?(\\.weight)");

  private static final Pattern LINEAR = Pattern.compile(".*\\.([a-z_]+)\\.lora_[AB]\\.weight");

  private final Finder formats;

  /// @param formats of the bases
  public PeftFormat(Finder formats) {
    this.formats = formats;
  }

  @Override
  public String name() {
    return "PEFT";
  }

  @Override
  public String description() {
    return "a folder with " + WEIGHTS;
  }

  @Override
  public boolean matches(Path path) {
    return isPeft(path);
  }

  private static boolean isPeft(Path path) {
    return Files.exists(path.resolve(WEIGHTS));
  }

  @Override
  public ModelParts read(Path folder, Arena arena) throws IOException {
    PeftConfig peft = config(folder);
    Path base = base(folder, peft);
    ModelParts rest = formats.of(base).read(base, arena);
    if (rest.config().has(PeftConfig.ADAPTER)) {
      throw new IllegalArgumentException(
          "%s: %s has an adapter already; export it merged and name that"
              .formatted(folder.resolve(PeftConfig.FILE_NAME), base));
    }
    SequencedMap<String, StoredTensor> factors = new LinkedHashMap<>();
    for (StoredTensor tensor : SafetensorsFile.map(folder.resolve(WEIGHTS), arena).tensors()) {
      Matcher name = NAME.matcher(tensor.name());
      if (!name.matches()) {
        throw new IllegalArgumentException(
            "%s: %s is no factor of a linear layer of a language model; use an adapter without it"
                .formatted(folder.resolve(WEIGHTS), tensor.name()));
      }
      String own = name.group(1) + name.group(2);
      factors.put(own, new StoredTensor(own, tensor.dtype(), tensor.shape(), tensor.content()));
    }
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>(rest.tensors());
    Set<String> targets = new TreeSet<>();
    for (StoredTensor factor : FusedRows.cut(rest.config(), factors).values()) {
      Matcher linear = LINEAR.matcher(factor.name());
      if (linear.matches()) {
        targets.add(linear.group(1));
      }
      tensors.put(factor.name(), factor);
    }
    ObjectNode config = rest.config().deepCopy();
    config.set(PeftConfig.ADAPTER, peft.adapter(targets));
    return new ModelParts(config, tensors, rest.tokenizer());
  }

  private static PeftConfig config(Path folder) throws IOException {
    Path file = folder.resolve(PeftConfig.FILE_NAME);
    return new PeftConfig(file, JsonFiles.readObject(file));
  }

  private static Path base(Path folder) throws IOException {
    return base(folder, config(folder));
  }

  private static Path base(Path folder, PeftConfig peft) throws IOException {
    Path found = found(folder, peft);
    if (isPeft(found)) { // perhaps this folder
      throw new IllegalArgumentException(
          "%s: base_model_name_or_path leads to %s, which is an adapter itself; write the path of a whole model there"
              .formatted(folder.resolve(PeftConfig.FILE_NAME), found));
    }
    return found;
  }

  private static Path found(Path folder, PeftConfig peft) throws IOException {
    Path named = peft.base();
    Path beside = folder.resolve(named).normalize();
    for (Path path : List.of(beside, named)) {
      if (!named.toString().isEmpty() && Files.exists(path)) {
        return path;
      }
    }
    throw new NoSuchFileException(
        "%s: base_model_name_or_path is '%s', and there is no %s; write the path of the base there"
            .formatted(folder.resolve(PeftConfig.FILE_NAME), named, beside));
  }

  @Override
  public void verifyChecksums(Path folder, SeenChecksums seen) throws IOException {
    Path base = base(folder);
    formats.of(base).verifyChecksums(base, seen);
  }

  /// Its own, else the base's.
  @Override
  public List<Path> tokenizers(Path folder) throws IOException {
    List<Path> own = TokenizerFiles.findIn(folder);
    Path base = base(folder);
    return own.isEmpty() ? formats.of(base).tokenizers(base) : own;
  }
}
