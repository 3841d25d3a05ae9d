package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;

/// Models in several files: how tensors are distributed over them, and the index that says where
/// each is.
public final class TensorFiles {
  private TensorFiles() {}

  /// Reads the tensors of one file.
  @FunctionalInterface
  public interface FileReader {
    Iterable<StoredTensor> read(Path file) throws IOException;
  }

  /// Consecutive tensors together until a file would exceed `maxBytes`; one that is larger is
  /// alone.
  public static List<List<StoredTensor>> split(
      List<StoredTensor> tensors, ToLongFunction<StoredTensor> bytesOf, long maxBytes) {
    List<List<StoredTensor>> files = new ArrayList<>();
    long bytes = 0;
    for (StoredTensor tensor : tensors) {
      long added = bytesOf.applyAsLong(tensor);
      if (files.isEmpty() || bytes + added > maxBytes) {
        files.add(new ArrayList<>());
        bytes = 0;
      }
      files.getLast().add(tensor);
      bytes += added;
    }
    return files;
  }

  /// @throws IllegalArgumentException if two tensors have one name
  public static void requireDistinct(List<StoredTensor> tensors) {
    SequencedMap<String, StoredTensor> byName = new LinkedHashMap<>();
    tensors.forEach(tensor -> addNew(byName, tensor, "the model"));
  }

  /// Refuses a tensor without elements, and says where such come from.
  ///
  /// @throws IllegalArgumentException naming it
  public static void requireElements(Path file, String name, long... sizes) {
    if (LongStream.of(sizes).anyMatch(size -> size == 0)) {
      throw new IllegalArgumentException(
          "%s: tensor '%s' has shape %s, no element; DeepSpeed's ZeRO-3 leaves such tensors where it saves without gathering them: save with stage3_gather_16bit_weights_on_model_save, or convert its checkpoint with zero_to_fp32.py"
              .formatted(file, name, Arrays.toString(sizes)));
    }
  }

  public static ObjectNode index(Map<String, String> fileOfTensor) {
    ObjectNode index = JsonNodeFactory.instance.objectNode();
    ObjectNode weightMap = index.putObject("weight_map");
    fileOfTensor.forEach(weightMap::put);
    return index;
  }

  /// Reads the files that an index names; the result has the order of the index.
  ///
  /// @throws IllegalArgumentException if index and files disagree
  public static SequencedMap<String, StoredTensor> readIndexed(Path indexFile, FileReader reader)
      throws IOException {
    JsonNode weightMap = JsonFiles.readObject(indexFile).path("weight_map");
    if (!weightMap.isObject() || weightMap.isEmpty()) {
      throw new IllegalArgumentException(
          indexFile + ": has no weight_map that names files; fetch it again");
    }
    SequencedMap<String, StoredTensor> found = new LinkedHashMap<>();
    LinkedHashSet<String> fileNames = new LinkedHashSet<>();
    weightMap.forEach(fileName -> fileNames.add(fileName.asText()));
    for (String fileName : fileNames) {
      Path file = inFolder(indexFile, fileName);
      reader.read(file).forEach(tensor -> addNew(found, tensor, file.toString()));
    }
    SequencedMap<String, StoredTensor> ordered = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : weightMap.properties()) {
      StoredTensor tensor = found.get(entry.getKey());
      if (tensor == null) {
        throw new IllegalArgumentException(
            "%s: says tensor '%s' is in %s, which does not hold it; fetch the files again"
                .formatted(indexFile, entry.getKey(), entry.getValue().asText()));
      }
      ordered.put(entry.getKey(), tensor);
    }
    if (ordered.size() != found.size()) {
      found.keySet().removeAll(ordered.keySet());
      throw new IllegalArgumentException(
          "%s: does not list '%s' and %d more tensors of its files; fetch the files again"
              .formatted(indexFile, found.firstEntry().getKey(), found.size() - 1));
    }
    return ordered;
  }

  /// The file beside the index or in a folder there, which no `..` or link leads elsewhere: a link
  /// may lead only to where the index itself is kept, as in the cache of Hugging Face's hub.
  private static Path inFolder(Path indexFile, String fileName) throws IOException {
    Path folder = indexFile.toAbsolutePath().normalize().getParent();
    Path file = resolve(indexFile, folder, fileName);
    boolean inside = file.startsWith(folder) && !file.equals(folder);
    if (inside) {
      MappedFiles.requireFile(file);
      Path kept = file.toRealPath().getParent();
      inside =
          kept.startsWith(folder.toRealPath()) || kept.equals(indexFile.toRealPath().getParent());
    }
    if (!inside) {
      throw new IllegalArgumentException(
          indexFile + ": names '" + fileName + "', which is outside its folder; fetch it again");
    }
    return indexFile.resolveSibling(fileName);
  }

  private static Path resolve(Path indexFile, Path folder, String fileName) {
    InvalidPathException cause = null;
    if (JsonFiles.oneLine(fileName).equals(fileName)) {
      try {
        return folder.resolve(fileName).normalize();
      } catch (InvalidPathException e) {
        cause = e;
      }
    }
    throw new IllegalArgumentException(
        indexFile + ": names a file that cannot exist; fetch it again", cause);
  }

  private static void addNew(
      Map<String, StoredTensor> tensors, StoredTensor tensor, String source) {
    if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
      throw new IllegalArgumentException(
          "%s: holds tensor '%s' a second time; keep one".formatted(source, tensor.name()));
    }
  }
}
