package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Storage;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.program.DeadCodeElimination;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// The device's copy of a storage that variables are views of: pieces end to end, each an array,
/// cut where a section's first view begins, so that a weight has the same place in the array of
/// each layer, and, where that leaves too long a piece, at other views.
final class DeviceVariable {
  /// Elements from `first` on.
  ///
  /// @param array in single precision; null where the variable is in bfloat16
  /// @param rounded the same rounded, see [dev.irpo.tensor.tornado.task.RoundingTasks], or all
  ///   there is of a variable in bfloat16; null where nobody reads that
  record Piece(long first, int length, FloatArray array, IntArray rounded) {
    long end() {
      return first + length;
    }

    /// What the host has too.
    TornadoNativeArray content() {
      return array == null ? rounded : array;
    }
  }

  private final Storage storage;
  private final DType type;
  private final TreeSet<Long> begins = new TreeSet<>();
  private final TreeSet<Long> cuts = new TreeSet<>();
  private NavigableMap<Long, Piece> pieces = new TreeMap<>();

  /// Version of the storage that the device has; −1: none.
  private long version = -1;

  /// Version that was rounded last.
  private long roundedVersion = -1;

  private boolean keepsRounded;

  /// @param type F32 or BF16
  DeviceVariable(Storage storage, DType type) {
    this.storage = storage;
    this.type = type;
  }

  /// Bytes of the arrays of all variables of some programs, without their headers.
  ///
  /// @param rounds whether programs that may round their weights do
  static long imageBytes(List<Compilation> compilations, boolean rounds) {
    IdentityHashMap<Storage, DType> storages = new IdentityHashMap<>();
    Set<Storage> rounded = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Compilation compilation : compilations) {
      Map<String, Buffer> variables = compilation.variables();
      compilation.graph().leaves().values().stream()
          .filter(leaf -> leaf.kind() == Tensor.Kind.VARIABLE)
          .forEach(leaf -> storages.put(variables.get(leaf.name()).storage(), leaf.dtype()));
      if (rounds && compilation.options().roundsWeights()) {
        DeadCodeElimination.of(compilation.graph()).stream()
            .flatMap(node -> TornadoProgram.roundedWeight(node).stream())
            .forEach(leaf -> rounded.add(variables.get(leaf.name()).storage()));
      }
    }
    long bytes = 0;
    for (Map.Entry<Storage, DType> variable : storages.entrySet()) {
      long elements = variable.getKey().numElements(variable.getValue());
      bytes += variable.getValue() == DType.BF16 ? pairBytes(elements) : Float.BYTES * elements;
    }
    return bytes + rounded.stream().mapToLong(storage -> pairBytes(storage.numFloats())).sum();
  }

  private static long pairBytes(long elements) {
    return Integer.BYTES * ((elements + 1) / 2);
  }

  Storage storage() {
    return storage;
  }

  /// Announces a view.
  void addView(Buffer view) {
    begins.add(view.offset());
  }

  /// Announces the first view of a section.
  void addCut(Buffer view) {
    cuts.add(view.offset());
  }

  /// Where a view is cut, in elements from its first one.
  List<Long> cutsWithin(Buffer view) {
    return cuts.subSet(view.offset(), view.offset() + view.numElements()).stream()
        .map(cut -> cut - view.offset())
        .toList();
  }

  /// Announces that a program reads rounded elements.
  void keepRounded() {
    keepsRounded = true;
  }

  boolean keepsRounded() {
    return keepsRounded;
  }

  /// Makes new arrays.
  ///
  /// @param limit most elements of an array, unless a view has more
  void cut(long limit) {
    pieces = new TreeMap<>();
    version = -1;
    roundedVersion = -1;
    long first = 0;
    long end = storage.numElements(type);
    while (first < end) {
      Long next = cuts.higher(first);
      long last = next == null ? end : next;
      if (last - first > limit) {
        Long cut = begins.floor(first + limit);
        if (cut == null || cut <= first) {
          cut = begins.higher(first);
        }
        last = cut == null ? last : Math.min(cut, last);
      }
      int length = Math.toIntExact(last - first);
      boolean isHalf = type == DType.BF16;
      FloatArray array = isHalf ? null : new FloatArray(length);
      IntArray rounded = isHalf || keepsRounded ? new IntArray((length + 1) / 2) : null;
      pieces.put(first, new Piece(first, length, array, rounded));
      first = last;
    }
  }

  List<Piece> pieces() {
    return new ArrayList<>(pieces.values());
  }

  /// The piece that an element lies in.
  Piece piece(long element) {
    return pieces.floorEntry(element).getValue();
  }

  boolean isStale() {
    return version != storage.version();
  }

  void markCurrent() {
    version = storage.version();
  }

  boolean isRoundedStale() {
    return roundedVersion != storage.version();
  }

  void markRounded() {
    roundedVersion = storage.version();
  }

  /// Copies the host's memory into the arrays.
  void read() {
    MemorySegment host = storage.floats().segment();
    for (Piece piece : pieces.values()) {
      MemorySegment.copy(host, type.bytes(piece.first()), segment(piece), 0, bytes(piece));
    }
  }

  /// Rounds the host's memory into the rounded arrays.
  void readRounded() {
    MemorySegment segment = storage.floats().segment();
    for (Piece piece : pieces.values()) {
      for (int i = 0; i < piece.length(); i += 2) {
        int lower = RoundingTasks.bits(at(segment, piece.first() + i));
        boolean isLast = i + 1 == piece.length();
        int upper = isLast ? 0 : RoundingTasks.bits(at(segment, piece.first() + i + 1));
        piece.rounded().set(i / 2, upper << 16 | lower);
      }
    }
  }

  private static float at(MemorySegment segment, long index) {
    return segment.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
  }

  /// Copies the arrays into the host's memory.
  void write() {
    MemorySegment host = storage.floats().segment();
    for (Piece piece : pieces.values()) {
      MemorySegment.copy(segment(piece), 0, host, type.bytes(piece.first()), bytes(piece));
    }
  }

  private static MemorySegment segment(Piece piece) {
    return piece.content().getSegment();
  }

  private long bytes(Piece piece) {
    return type.bytes(piece.length());
  }
}
