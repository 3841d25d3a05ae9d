package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// The device's copy of a storage that variables are views of: pieces end to end, each an array,
/// cut where a section's first view begins, so that a weight has the same place in the array of
/// each layer, and, where that leaves too long a piece, at other views. Or a part of an array that
/// it shares with others, see [VariableGroups].
///
/// The host's sides of the arrays are [UntouchedMemory]; [VariableTransfers] moves what is in them.
final class DeviceVariable {
  /// Elements from `first` on; what comes before 0 is another variable's.
  ///
  /// @param array in single precision; null where the variable is in bfloat16
  /// @param rounded the same rounded, see [dev.irpo.tensor.tornado.task.RoundingTasks], or all
  ///   there is of a variable in bfloat16; null where nobody reads that
  record Piece(long first, int length, FloatArray array, IntArray rounded) {
    long end() {
      return first + length;
    }

    /// What the host's memory is copied to.
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
  private boolean isReadWhole = true;

  /// @param type F32 or BF16
  DeviceVariable(Storage storage, DType type) {
    this.storage = storage;
    this.type = type;
  }

  Storage storage() {
    return storage;
  }

  DType type() {
    return type;
  }

  long numElements() {
    return storage.numElements(type);
  }

  /// Announces a view.
  void addView(Buffer view) {
    begins.add(view.offset());
    isReadWhole &= view.numElements() == numElements();
  }

  /// Whether every view is of all of it.
  boolean isReadWhole() {
    return isReadWhole;
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
    forget();
    long first = 0;
    long end = numElements();
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
      pieces.put(first, piece(first, length, type, keepsRounded));
      first = last;
    }
  }

  private void forget() {
    pieces = new TreeMap<>();
    version = -1;
    roundedVersion = -1;
  }

  /// New arrays for elements of a type.
  static Piece piece(long first, int length, DType type, boolean keepsRounded) {
    boolean isHalf = type == DType.BF16;
    FloatArray array = isHalf ? null : UntouchedMemory.floats(length);
    boolean hasPairs = isHalf || keepsRounded;
    IntArray rounded = hasPairs ? UntouchedMemory.ints((length + 1) / 2) : null;
    return new Piece(first, length, array, rounded);
  }

  /// Takes a part of arrays that others have parts of.
  ///
  /// @param at its first element there
  void place(Piece all, int at) {
    forget();
    int length = Math.toIntExact(at + numElements());
    pieces.put((long) -at, new Piece(-at, length, all.array(), all.rounded()));
  }

  List<Piece> pieces() {
    return new ArrayList<>(pieces.values());
  }

  /// The piece that an element lies in.
  Piece piece(long element) {
    return pieces.floorEntry(element).getValue();
  }

  /// Whether nothing was copied into its arrays yet.
  boolean isNew() {
    return version < 0;
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
}
