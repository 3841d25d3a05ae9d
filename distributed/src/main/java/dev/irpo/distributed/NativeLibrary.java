package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// A library that is loaded so that all others see its symbols.
///
/// Open MPI opens its own plug-ins, which look for symbols of the library that a program is linked
/// with; the JVM is linked with none, and [java.lang.foreign.SymbolLookup#libraryLookup] keeps what
/// it loads to itself.
final class NativeLibrary {
  private static final int RTLD_NOW = 2;
  private static final int RTLD_GLOBAL = isMacOs() ? 8 : 0x100;
  private static final long LONGEST_MESSAGE = 4096;

  private final String name;
  private final MemorySegment handle;

  private NativeLibrary(String name, MemorySegment handle) {
    this.name = name;
    this.handle = handle;
  }

  static boolean isMacOs() {
    return System.getProperty("os.name").startsWith("Mac");
  }

  /// Functions of the C library itself.
  private static final class C {
    static final MethodHandle DLOPEN = link("dlopen", ADDRESS, ADDRESS, JAVA_INT);
    static final MethodHandle DLSYM = link("dlsym", ADDRESS, ADDRESS, ADDRESS);
    static final MethodHandle DLERROR = link("dlerror", ADDRESS);

    @SuppressWarnings("restricted") // what it calls is all in this class
    private static MethodHandle link(String name, MemoryLayout result, MemoryLayout... taken) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, taken));
    }
  }

  /// A function of the C library that every process has.
  static NativeFunction ofSystem(String function, MemoryLayout... parameters) {
    MemorySegment address = Linker.nativeLinker().defaultLookup().findOrThrow(function);
    return new NativeFunction(function, address, parameters);
  }

  /// Loads a library.
  ///
  /// @param name a file, or a name that the system's loader looks for
  /// @throws GroupFailure with what the loader says, if it can't be loaded
  static NativeLibrary open(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opened =
          (MemorySegment) C.DLOPEN.invokeExact(arena.allocateFrom(name), RTLD_NOW | RTLD_GLOBAL);
      if (opened.address() == 0) {
        throw new GroupFailure(message((MemorySegment) C.DLERROR.invokeExact()));
      }
      return new NativeLibrary(name, opened);
    } catch (GroupFailure e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("dlopen cannot be called", e);
    }
  }

  @SuppressWarnings("restricted") // dlerror's text ends with a zero
  private static String message(MemorySegment text) {
    return text.address() == 0
        ? "unknown error"
        : text.reinterpret(LONGEST_MESSAGE).getString(0).lines().findFirst().orElse("");
  }

  String name() {
    return name;
  }

  /// A symbol's address, if the library has it.
  Optional<MemorySegment> find(String symbol) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = (MemorySegment) C.DLSYM.invokeExact(handle, arena.allocateFrom(symbol));
      return found.address() == 0 ? Optional.empty() : Optional.of(found);
    } catch (Throwable e) {
      throw new IllegalStateException("dlsym cannot be called", e);
    }
  }

  /// A symbol's address.
  ///
  /// @throws GroupFailure if the library does not have it
  MemorySegment require(String symbol) {
    return find(symbol).orElseThrow(() -> new GroupFailure("%s has no %s".formatted(name, symbol)));
  }
}
