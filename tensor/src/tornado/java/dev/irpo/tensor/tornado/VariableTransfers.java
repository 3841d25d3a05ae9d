package dev.irpo.tensor.tornado;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// Moves variables between host and device, a few megabytes at a time: through a stage that both
/// sides have, from which a task copies into the variable's array, or the other way round. So
/// neither the arrays nor the whole content take memory of the host.
///
/// Arrays are moved as words of four bytes, a number of single precision or a pair.
final class VariableTransfers {
  /// Most words at a time: a stage comes to the host whole, and writers of checkpoints ask for
  /// `HashedFile.PIECE_BYTES` of `checkpoints`.
  private static final int MOST_WORDS = 1 << 20;

  private static final int WORD = Integer.BYTES;

  private final int length;
  private final FloatArray floats;
  private final IntArray pairs;

  /// Where a part begins in the variable's array, and how many words it has.
  private final IntArray range = new IntArray(2);

  private final MemorySegment zeros;

  /// @param variables that are moved
  VariableTransfers(Collection<DeviceVariable> variables) {
    long longest =
        variables.stream().mapToLong(variable -> variable.storage().byteSize()).max().orElse(0);
    length = (int) Math.min(longest / WORD / 2 * 2 + 2, MOST_WORDS);
    floats = new FloatArray(length);
    pairs = new IntArray(length);
    zeros = UntouchedMemory.allocate((long) WORD * length);
  }

  /// Words of a stage.
  int length() {
    return length;
  }

  FloatArray floats() {
    return floats;
  }

  IntArray pairs() {
    return pairs;
  }

  IntArray range() {
    return range;
  }

  /// What both sides have.
  List<TornadoNativeArray> arrays() {
    return List.of(floats, pairs, range);
  }

  /// Copies the content to the device, from where it is. New arrays hold zeros, as caches,
  /// gradients and moments do that nobody has written yet, so these are not sent there.
  ///
  /// @param put runs the task that copies from the stage into an array
  void send(DeviceVariable variable, Consumer<TornadoNativeArray> put) {
    MemorySegment stage = stage(variable);
    long end = variable.storage().byteSize();
    forParts(
        variable,
        0,
        end,
        (piece, first, at, words) -> {
          long bytes = Math.min((long) WORD * words, end - first);
          MemorySegment content = stage.asSlice(0, bytes);
          variable.storage().read(first, content);
          if (variable.isNew() && isZero(content)) {
            return;
          }
          setRange(at, words);
          put.accept(piece.content());
        });
  }

  private boolean isZero(MemorySegment content) {
    return MemorySegment.mismatch(content, 0, content.byteSize(), zeros, 0, content.byteSize()) < 0;
  }

  /// Rounds the content, which is in single precision, to the device.
  ///
  /// @param put as above
  void sendRounded(DeviceVariable variable, Consumer<TornadoNativeArray> put) {
    MemorySegment single = floats.getSegment();
    MemorySegment half = pairs.getSegment();
    forParts(
        variable,
        0,
        variable.storage().byteSize(),
        (piece, first, at, words) -> {
          MemorySegment content = single.asSlice(0, (long) WORD * words);
          variable.storage().read(first, content);
          pairs.set((words - 1) / 2, 0); // the last pair may have one element
          HalfPrecision.narrow(DType.BF16, content, half.asSlice(0, (long) Short.BYTES * words));
          setRange(at / 2, (words + 1) / 2);
          put.accept(piece.rounded());
        });
  }

  /// Copies bytes of the content from the device.
  ///
  /// @param take runs the task that copies from an array into the stage
  /// @param offset of the first byte
  void receive(
      DeviceVariable variable,
      Consumer<TornadoNativeArray> take,
      long offset,
      MemorySegment target) {
    MemorySegment stage = stage(variable);
    long end = offset + target.byteSize();
    forParts(
        variable,
        offset,
        end,
        (piece, first, at, words) -> {
          setRange(at, words);
          take.accept(piece.content());
          long from = Math.max(first, offset);
          long to = Math.min(first + (long) WORD * words, end);
          MemorySegment.copy(stage, from - first, target, from - offset, to - from);
        });
  }

  private MemorySegment stage(DeviceVariable variable) {
    return (variable.type() == DType.BF16 ? pairs : floats).getSegment();
  }

  private void setRange(int at, int words) {
    range.set(0, at);
    range.set(1, words);
  }

  private interface Part {
    /// @param first byte of the content
    /// @param at its word in the array
    void move(DeviceVariable.Piece piece, long first, int at, int words);
  }

  /// Visits what holds some bytes, an even number of words at a time while there are more.
  private void forParts(DeviceVariable variable, long begin, long end, Part part) {
    DType type = variable.type();
    for (DeviceVariable.Piece piece : variable.pieces()) {
      long own = Math.max(0, piece.first());
      long ownBegin = type.bytes(own);
      long from = Math.max(begin, ownBegin);
      long to = Math.min(end, type.bytes(piece.end()));
      int inArray = Math.toIntExact(type.bytes(own - piece.first()) / WORD);
      for (long at = from - (from - ownBegin) % WORD; at < to; ) {
        int words = (int) Math.min(length, Math.ceilDiv(to - at, WORD));
        part.move(piece, at, inArray + Math.toIntExact((at - ownBegin) / WORD), words);
        at += (long) WORD * words;
      }
    }
  }
}
