package dev.irpo.checkpoints.meta;

import dev.irpo.checkpoints.model.HalfSplitRows;
import dev.irpo.checkpoints.model.JoinedParts;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.checkpoints.model.NearestName;
import dev.irpo.checkpoints.torch.TorchFile;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;

/// A folder as Meta publishes Llama 2 and 3, read as if it were a Hugging Face one.
///
/// ```text
/// params.json, consolidated.00.pth, consolidated.01.pth …: one file per device it was trained on
/// joined along axis 0 (rows)      wq wk wv w1 w3 output, Llama 3's tok_embeddings
///              axis 1 (columns)   wo w2, Llama 2's tok_embeddings
///              equal in all       norms            not read   rope.freqs
/// ```
///
/// The rows of wq and wk come in Hugging Face's order (see [HalfSplitRows]). Parts are joined while
/// they are read. Source: meta-llama/llama `model.py` (the ColumnParallel and RowParallel layers).
final class MetaFolder {
  private static final String EMBEDDING = "tok_embeddings";
  private static final String HEAD = "output";

  private final Path folder;
  private final MetaParams params;
  private final List<Path> files;
  private final List<SequencedMap<String, StoredTensor>> parts = new ArrayList<>();
  private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final Set<String> unread;

  private enum Join {
    ROWS,
    COLUMNS,
    EQUAL
  }

  private MetaFolder(Path folder, Arena arena) throws IOException {
    this.folder = folder;
    this.params = MetaParams.read(folder.resolve(MetaParams.FILE));
    this.files = files(folder);
    for (int i = 0; i < files.size(); i++) {
      String expected = "consolidated.%02d.pth".formatted(i);
      if (!files.get(i).getFileName().toString().equals(expected)) {
        throw new NoSuchFileException(
            "%s: there is no such file, but %d others up to %s; fetch it"
                .formatted(folder.resolve(expected), files.size(), files.getLast().getFileName()));
      }
      parts.add(TorchFile.read(files.get(i), arena));
    }
    this.unread = new LinkedHashSet<>(parts.getFirst().keySet());
    requireSameNames();
  }

  static ModelParts read(Path folder, Arena arena) throws IOException {
    return new MetaFolder(folder, arena).read();
  }

  /// The files of weights, sorted by name.
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.getFileName().toString().matches("consolidated\\.\\d+\\.pth"))
          .sorted()
          .toList();
    }
  }

  private ModelParts read() {
    int c = params.embedDim();
    StoredTensor embedding = embedding();
    int vocabSize = embedding.shape().size(0);
    params.requireVocabSize(vocabSize);
    add(embedding);
    StoredTensor gate = part(0, "layers.0.feed_forward.w1.weight");
    if (gate.shape().rank() != 2) {
      throw refused(0, "tensor '%s' is %s, no matrix".formatted(gate.name(), gate.shape()));
    }
    int ffnDim = axisSize(0, gate, gate.shape().toArray()[0] * parts.size());
    for (int layer = 0; layer < params.numLayers(); layer++) {
      addLayer("layers.%d.".formatted(layer), c, ffnDim);
    }
    add(joined("norm.weight", "model.norm.weight", Join.EQUAL, Shape.of(c)));
    boolean tied = isTied();
    unread.remove(HEAD + ".weight");
    if (!tied) {
      add(joined(HEAD + ".weight", "lm_head.weight", Join.ROWS, Shape.of(vocabSize, c)));
    }
    unread.removeIf(name -> name.endsWith("rope.freqs"));
    if (!unread.isEmpty()) {
      throw refused(
          0,
          "has tensor '%s', which no Llama 2 or 3 of %d layers has"
              .formatted(unread.iterator().next(), params.numLayers()));
    }
    return new ModelParts(params.config(ffnDim, vocabSize, embedding.dtype(), tied), tensors);
  }

  private void addLayer(String meta, int c, int ffnDim) {
    String own = "model." + meta;
    Shape square = Shape.of(c, c);
    Shape keyOrValue = Shape.of(params.kvDim(), c);
    Shape up = Shape.of(ffnDim, c);
    addProjection(meta + "attention.wq", own + "self_attn.q_proj", Join.ROWS, square);
    addProjection(meta + "attention.wk", own + "self_attn.k_proj", Join.ROWS, keyOrValue);
    addProjection(meta + "attention.wv", own + "self_attn.v_proj", Join.ROWS, keyOrValue);
    addProjection(meta + "attention.wo", own + "self_attn.o_proj", Join.COLUMNS, square);
    addProjection(meta + "feed_forward.w1", own + "mlp.gate_proj", Join.ROWS, up);
    addProjection(meta + "feed_forward.w3", own + "mlp.up_proj", Join.ROWS, up);
    addProjection(
        meta + "feed_forward.w2", own + "mlp.down_proj", Join.COLUMNS, Shape.of(c, ffnDim));
    addProjection(meta + "attention_norm", own + "input_layernorm", Join.EQUAL, Shape.of(c));
    addProjection(meta + "ffn_norm", own + "post_attention_layernorm", Join.EQUAL, Shape.of(c));
  }

  private void addProjection(String meta, String huggingFace, Join join, Shape shape) {
    StoredTensor tensor = joined(meta + ".weight", huggingFace + ".weight", join, shape);
    boolean rotated = meta.endsWith(".wq") || meta.endsWith(".wk");
    add(rotated ? halfSplit(tensor) : tensor);
  }

  private StoredTensor halfSplit(StoredTensor interleaved) {
    long rowBytes = (long) interleaved.shape().size(1) * interleaved.dtype().bytes();
    return new StoredTensor(
        interleaved.name(),
        interleaved.dtype(),
        interleaved.shape(),
        new HalfSplitRows(interleaved.content(), params.headDim(), rowBytes));
  }

  private void add(StoredTensor tensor) {
    tensors.put(tensor.name(), tensor);
  }

  /// Llama 2 splits the embedding by columns, Llama 3 by tokens: one of the two gives whole rows.
  private StoredTensor embedding() {
    String name = EMBEDDING + ".weight";
    long[] sizes = part(0, name).shape().toArray();
    long c = params.embedDim();
    if (sizes.length != 2 || (sizes[1] != c && sizes[1] * parts.size() != c)) {
      throw refused(
          0,
          "tensor '%s' is %s; in %d files it must have %d or %d columns"
              .formatted(name, part(0, name).shape(), parts.size(), c, c / parts.size()));
    }
    Join join = sizes[1] == c ? Join.ROWS : Join.COLUMNS;
    long vocabSize =
        axisSize(0, part(0, name), join == Join.ROWS ? sizes[0] * parts.size() : sizes[0]);
    return joined(name, "model.embed_tokens.weight", join, Shape.of(vocabSize, c));
  }

  private int axisSize(int index, StoredTensor tensor, long size) {
    if (size > Integer.MAX_VALUE) {
      throw refused(
          index,
          "tensor '%s' has %d rows, at most %d are read"
              .formatted(tensor.name(), size, Integer.MAX_VALUE));
    }
    return (int) size;
  }

  private StoredTensor joined(String meta, String huggingFace, Join join, Shape whole) {
    StoredTensor first = part(0, meta);
    Shape expected = partShape(join, whole);
    List<TensorContent> contents = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      StoredTensor part = part(i, meta);
      if (!part.shape().equals(expected) || part.dtype() != first.dtype()) {
        throw refused(
            i,
            "tensor '%s' is %s %s, its part of %s in %d files would be %s %s"
                .formatted(
                    meta,
                    part.dtype(),
                    part.shape(),
                    whole,
                    parts.size(),
                    first.dtype(),
                    expected));
      }
      if (join == Join.EQUAL) {
        requireEqual(first, part, i);
      }
      contents.add(part.content());
    }
    unread.remove(meta);
    boolean alone = parts.size() == 1 || join == Join.EQUAL;
    TensorContent content =
        alone
            ? contents.getFirst()
            : new JoinedParts(contents, pieceBytes(join, expected, first.dtype()));
    return new StoredTensor(huggingFace, first.dtype(), whole, content);
  }

  private Shape partShape(Join join, Shape whole) {
    if (join == Join.EQUAL || parts.size() == 1) {
      return whole;
    }
    long[] sizes = whole.toArray();
    int axis = join == Join.ROWS ? 0 : 1;
    if (sizes[axis] % parts.size() != 0) {
      throw new IllegalArgumentException(
          "%s: has %d files, a tensor of shape %s cannot be in that many; fetch the folder again"
              .formatted(folder, parts.size(), whole));
    }
    sizes[axis] /= parts.size();
    return Shape.of(sizes);
  }

  private static long pieceBytes(Join join, Shape part, DType dtype) {
    return (join == Join.ROWS ? part.numElements() : part.size(1)) * dtype.bytes();
  }

  private void requireEqual(StoredTensor first, StoredTensor part, int index) {
    if (!part.hasElementsOf(first)) {
      throw refused(
          index,
          "tensor '%s' has other values than in %s, it must be the same in all"
              .formatted(part.name(), files.getFirst().getFileName()));
    }
  }

  /// No head at all, or one with the embedding's values, be it the very storage, as `torch.save`
  /// keeps shared ones.
  private boolean isTied() {
    return parts.stream()
        .allMatch(part ->
            !part.containsKey(HEAD + ".weight")
                || part.get(HEAD + ".weight").hasElementsOf(part.get(EMBEDDING + ".weight")));
  }

  private StoredTensor part(int index, String name) {
    StoredTensor tensor = parts.get(index).get(name);
    if (tensor == null) {
      throw refused(
          index,
          "has no tensor '%s' among its %d; the closest is '%s'"
              .formatted(
                  name,
                  parts.get(index).size(),
                  NearestName.of(name, parts.get(index).keySet()).orElse("none")));
    }
    return tensor;
  }

  private void requireSameNames() {
    for (int i = 1; i < parts.size(); i++) {
      Set<String> differing = new LinkedHashSet<>(parts.get(i).keySet());
      differing.removeAll(parts.getFirst().keySet());
      if (differing.isEmpty() && parts.get(i).size() != parts.getFirst().size()) {
        differing.addAll(parts.getFirst().keySet());
        differing.removeAll(parts.get(i).keySet());
      }
      if (!differing.isEmpty()) {
        throw refused(
            i,
            "tensor '%s' is only in one of this file and %s"
                .formatted(differing.iterator().next(), files.getFirst().getFileName()));
      }
    }
  }

  private IllegalArgumentException refused(int part, String fact) {
    return new IllegalArgumentException(
        "%s: %s; fetch the folder again".formatted(files.get(part), fact));
  }
}
