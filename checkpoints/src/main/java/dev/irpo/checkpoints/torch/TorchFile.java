package dev.irpo.checkpoints.torch;

import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.model.JoinedParts;
import dev.irpo.checkpoints.model.TensorFiles;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// A dictionary of tensors that `torch.save` wrote (PyTorch 1.6 or later), memory-mapped.
///
/// ```text
/// a zip archive of   NAME/data.pkl   what tensors there are, see TorchPickle
///                    NAME/data/KEY   the elements of one storage, row-major
///                    NAME/byteorder  "little", since PyTorch 2.1
/// ```
///
/// Every tensor is a view of the map: nothing is copied, and memory does not grow with the file.
/// Tensors whose strides are not those of a dense row-major array are refused.
public final class TorchFile {
  private static final String PICKLE = "/data.pkl";
  private static final long MAX_PICKLE_BYTES = 8L << 20;

  private final Path path;
  private final SequencedMap<String, MemorySegment> entries;
  private final String root;

  private TorchFile(Path path, SequencedMap<String, MemorySegment> entries) {
    this.path = path;
    this.entries = entries;
    List<String> pickles = entries.keySet().stream().filter(name -> name.endsWith(PICKLE)).toList();
    if (pickles.size() != 1) {
      throw refused(
          "has %d entries '*%s', torch.save writes one".formatted(pickles.size(), PICKLE));
    }
    this.root = pickles.getFirst().substring(0, pickles.getFirst().length() - PICKLE.length());
  }

  /// Maps a file for as long as the arena lives; the tensors have the names and order of the file.
  ///
  /// @throws IllegalArgumentException if the file is damaged, or holds anything but tensors
  public static SequencedMap<String, StoredTensor> read(Path path, Arena arena) throws IOException {
    MemorySegment file = MappedFiles.map(path, arena);
    TorchFile torch = new TorchFile(path, StoredZip.entries(path, file));
    torch.requireLittleEndian();
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, TorchPickle.View> view : torch.views().entrySet()) {
      tensors.put(view.getKey(), torch.tensor(view.getKey(), view.getValue()));
    }
    torch.requireAtMostTwice(tensors, file.byteSize());
    return tensors;
  }

  private SequencedMap<String, TorchPickle.View> views() {
    MemorySegment pickle = entries.get(root + PICKLE);
    if (pickle.byteSize() > MAX_PICKLE_BYTES) {
      throw refused(
          "its pickle has %d bytes, at most %d are read"
              .formatted(pickle.byteSize(), MAX_PICKLE_BYTES));
    }
    return TorchPickle.read(pickle.toArray(ValueLayout.JAVA_BYTE), path.toString());
  }

  private void requireLittleEndian() {
    MemorySegment order = entries.get(root + "/byteorder");
    byte[] little = "little".getBytes(StandardCharsets.US_ASCII);
    if (order != null && order.mismatch(MemorySegment.ofArray(little)) >= 0) {
      throw new IllegalArgumentException(
          path + ": its byte order is not little; save it again on a little-endian machine");
    }
  }

  private StoredTensor tensor(String name, TorchPickle.View view) {
    TorchPickle.Storage storage = view.storage();
    MemorySegment data = entries.get(root + "/data/" + storage.key());
    if (data == null) {
      throw refused("tensor '%s' is in '%s', which is not there".formatted(name, storage.key()));
    }
    try {
      requireRowMajor(name, view);
      return new StoredTensor(
          name, storage.dtype(), Shape.of(view.sizes()), content(name, view, data));
    } catch (ArithmeticException e) {
      throw refused(
          "tensor '%s' of sizes %s at element %d has more elements than any file"
              .formatted(name, Arrays.toString(view.sizes()), view.offset()));
    }
  }

  /// PyTorch aligns to 64 bytes; what another program has moved is read by copying pieces.
  ///
  /// @throws ArithmeticException if a number of bytes is more than 63 bits hold
  private TensorContent content(String name, TorchPickle.View view, MemorySegment data) {
    TorchPickle.Storage storage = view.storage();
    long elementBytes = storage.dtype().bytes();
    if (Math.multiplyExact(storage.numElements(), elementBytes) != data.byteSize()) {
      throw refused(
          "tensor '%s' is in a storage of %d %s, which has %d bytes"
              .formatted(name, storage.numElements(), storage.dtype(), data.byteSize()));
    }
    long numElements = Shape.of(view.sizes()).numElements();
    long end = Math.addExact(view.offset(), numElements);
    if (view.offset() < 0 || end > storage.numElements()) {
      throw refused(
          "tensor '%s' has elements %d to %d of a storage of %d"
              .formatted(name, view.offset(), end, storage.numElements()));
    }
    MemorySegment own = data.asSlice(view.offset() * elementBytes, numElements * elementBytes);
    return JoinedParts.asContent(own, storage.dtype().bytes());
  }

  private void requireRowMajor(String name, TorchPickle.View view) {
    long[] sizes = view.sizes();
    TensorFiles.requireElements(path, name, sizes);
    if (Arrays.stream(sizes).anyMatch(axisSize -> axisSize < 0)) {
      throw refused(
          "tensor '%s' has sizes %s, which are not positive"
              .formatted(name, Arrays.toString(sizes)));
    }
    boolean rowMajor = sizes.length == view.strides().length;
    long stride = 1;
    for (int axis = sizes.length - 1; rowMajor && axis >= 0; axis--) {
      rowMajor = sizes[axis] == 1 || view.strides()[axis] == stride;
      stride = Math.multiplyExact(stride, sizes[axis]);
    }
    if (!rowMajor) {
      throw new IllegalArgumentException(
          "%s: tensor '%s' has sizes %s and strides %s, which is not row-major; save it contiguous"
              .formatted(path, name, Arrays.toString(sizes), Arrays.toString(view.strides())));
    }
  }

  /// A tied head shares the embedding's storage. More sharing would let a small file claim any
  /// amount of memory.
  private void requireAtMostTwice(Map<String, StoredTensor> tensors, long fileBytes) {
    long left = 2 * fileBytes;
    for (StoredTensor tensor : tensors.values()) {
      left -= tensor.content().byteSize();
      if (left < 0) {
        throw refused(
            "its %d tensors have more than twice the %d bytes of the file"
                .formatted(tensors.size(), fileBytes));
      }
    }
  }

  private IllegalArgumentException refused(String fact) {
    return new IllegalArgumentException("%s: %s; fetch it again".formatted(path, fact));
  }
}
