package dev.irpo.tensor.tornado;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// Zeroed memory of the host of which the system provides only pages that were written.
///
/// TornadoVM wants an array of the host for each of a device. Most are never written there: what
/// they stand for lives on the device. Java's own allocations are written to as they are zeroed;
/// C's `calloc` takes large ones as they come from the system, zeros that are nowhere.
@SuppressWarnings("restricted") // native calls, as --enable-native-access allows
final class UntouchedMemory {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle CALLOC =
      function("calloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ADDRESS));

  private UntouchedMemory() {}

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
  }

  /// Memory that is given back when nothing refers to it any more, aligned as a [Buffer]'s.
  ///
  /// @throws IllegalArgumentException if the system has no addresses for it
  static MemorySegment allocate(long bytes) {
    long size = Math.addExact(bytes, Buffer.ALIGNMENT);
    MemorySegment all = calloc(size);
    if (all.equals(MemorySegment.NULL)) {
      throw new IllegalArgumentException(
          "the system refuses %d bytes of addresses for an array of the device (vm.overcommit_memory, ulimit -v); allow more, or lower train.tokenBudget or rollouts.slots"
              .formatted(size));
    }
    MemorySegment owned = all.reinterpret(size, Arena.ofAuto(), UntouchedMemory::free);
    long before = -owned.address() & (Buffer.ALIGNMENT - 1);
    return owned.asSlice(before, bytes);
  }

  private static MemorySegment calloc(long size) {
    try {
      return (MemorySegment) CALLOC.invokeExact(1L, size);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void free(MemorySegment memory) {
    try {
      FREE.invokeExact(memory);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// An array of such memory.
  static FloatArray floats(int length) {
    return FloatArray.fromSegmentShallow(array(length));
  }

  /// An array of such memory.
  static IntArray ints(int length) {
    return IntArray.fromSegmentShallow(array(length));
  }

  private static MemorySegment array(int length) {
    return allocate(TornadoNativeArray.ARRAY_HEADER + (long) Integer.BYTES * length);
  }
}
