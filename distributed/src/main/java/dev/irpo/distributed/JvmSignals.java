package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/// Keeps the JVM's signal handlers, which it needs for its work, such as SIGSEGV for null pointers
/// and safepoints. Libraries for networks replace them by ones that print a trace and exit.
final class JvmSignals {
  /// SIGQUIT, SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGUSR2 of Linux.
  private static final int[] SIGNALS = {3, 4, 5, 7, 8, 11, 12};

  /// More than a `struct sigaction` has anywhere.
  private static final long ACTION_BYTES = 512;

  private JvmSignals() {}

  /// Runs something, and puts the handlers back that were there before.
  static <T> T keep(Supplier<T> work) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return work.get();
    }
    NativeFunction sigaction = NativeLibrary.ofSystem("sigaction", JAVA_INT, JAVA_LONG, JAVA_LONG);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(ACTION_BYTES * SIGNALS.length);
      for (int i = 0; i < SIGNALS.length; i++) {
        sigaction.call(SIGNALS[i], 0, actions.address() + i * ACTION_BYTES);
      }
      T result = work.get();
      for (int i = 0; i < SIGNALS.length; i++) {
        sigaction.call(SIGNALS[i], actions.address() + i * ACTION_BYTES, 0);
      }
      return result;
    }
  }
}
