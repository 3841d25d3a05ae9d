package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
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

/// The device's copy of a storage that variables are views of: pieces end to end, each an array,
/// cut where a section's first view begins, so that a weight has the same place in the array of
/// each layer, and, where that leaves too long a piece, at other views.
final class DeviceVariable {
  /// Elements from `first` on.
  ///
  /// @param rounded the same rounded, see [dev.irpo.tensor.tornado.task.RoundingTasks]; null where
  ///   nobody reads that
  record Piece(long first, FloatArray array, IntArray rounded) {
    long end() {
      return first + array.getSize();
    }
  }

  private final Storage storage;
  private final TreeSet<Long> begins = new TreeSet<>();
  private final TreeSet<Long> cuts = new TreeSet<>();
  private NavigableMap<Long, Piece> pieces = new TreeMap<>();

  /// Version of the storage that the device has; −1: none.
  private long version = -1;

  /// Version that was rounded last.
  private long roundedVersion = -1;

  private boolean keepsRounded;

  DeviceVariable(Storage storage) {
    this.storage = storage;
  }

  /// Bytes of the arrays of all variables of some programs, without their headers.
  ///
  /// @param rounds whether programs that may round their weights do
  static long imageBytes(List<Compilation> compilations, boolean rounds) {
    Set<Storage> storages = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<Storage> rounded = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Compilation compilation : compilations) {
      Map<String, Buffer> variables = compilation.variables();
      compilation.graph().leaves().values().stream()
          .filter(leaf -> leaf.kind() == Tensor.Kind.VARIABLE)
          .forEach(leaf -> storages.add(variables.get(leaf.name()).storage()));
      if (rounds && compilation.options().roundsWeights()) {
        DeadCodeElimination.of(compilation.graph()).stream()
            .flatMap(node -> TornadoProgram.roundedWeight(node).stream())
            .forEach(leaf -> rounded.add(variables.get(leaf.name()).storage()));
      }
    }
    long floats = storages.stream().mapToLong(Storage::numFloats).sum();
    long pairs = rounded.stream().mapToLong(storage -> (storage.numFloats() + 1) / 2).sum();
    return Float.BYTES * floats + Integer.BYTES * pairs;
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
    long end = storage.numFloats();
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
      IntArray rounded = keepsRounded ? new IntArray((length + 1) / 2) : null;
      pieces.put(first, new Piece(first, new FloatArray(length), rounded));
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
      MemorySegment.copy(host, Float.BYTES * piece.first(), segment(piece), 0, bytes(piece));
    }
  }

  /// Rounds the host's memory into the rounded arrays.
  void readRounded() {
    MemorySegment segment = storage.floats().segment();
    for (Piece piece : pieces.values()) {
      for (int i = 0; i < piece.array().getSize(); i += 2) {
        int lower = RoundingTasks.bits(at(segment, piece.first() + i));
        boolean isLast = i + 1 == piece.array().getSize();
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
      MemorySegment.copy(segment(piece), 0, host, Float.BYTES * piece.first(), bytes(piece));
    }
  }

  private static MemorySegment segment(Piece piece) {
    return piece.array().getSegment();
  }

  private static long bytes(Piece piece) {
    return (long) Float.BYTES * piece.array().getSize();
  }
}
