package dev.irpo.distributed;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;

/// A function of a C library that returns an `int` (or nothing of interest). Addresses and handles
/// are passed as `long`, whatever their size is there.
final class NativeFunction {
  private final String name;
  private final MethodHandle call;

  /// @param parameters what C expects: `JAVA_INT` or `JAVA_LONG` each
  @SuppressWarnings("restricted") // the one class that calls C
  NativeFunction(String name, MemorySegment address, MemoryLayout... parameters) {
    this.name = name;
    FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters);
    MethodHandle plain = Linker.nativeLinker().downcallHandle(address, type);
    Class<?>[] taken = new Class<?>[parameters.length];
    Arrays.fill(taken, long.class);
    call =
        MethodHandles.explicitCastArguments(plain, MethodType.methodType(int.class, taken))
            .asSpreader(long[].class, parameters.length);
  }

  String name() {
    return name;
  }

  /// Calls it. An `int` parameter takes the lower half of its argument.
  int call(long... arguments) {
    try {
      return (int) call.invokeExact(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(name + " cannot be called", e);
    }
  }
}
