package dev.irpo.checkpoints.files;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/// Asks Linux to read mapped files in pages of 2 MiB where its file system can.
///
/// In pages of 4 KiB the page tables alone of 13.5 GB have 27 MB, which no cache holds: two threads
/// read such a map at 10 to 22 GB/s, and at 58 GB/s in pages of 2 MiB. Files that are in the page
/// cache already keep the pages they have; [HashedFile] writes them so that they get large ones.
final class HugePages {
  private static final int MADV_HUGEPAGE = 14;
  private static final long PAGE_BYTES = 1L << 21;

  private HugePages() {}

  /// The call into C, linked when a large map needs it first: that takes 70 ms in a fresh JVM.
  private static final class Madvise {
    static final Optional<MethodHandle> HANDLE = link();

    @SuppressWarnings("restricted") // it reads no memory of ours
    private static Optional<MethodHandle> link() {
      if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).equals("linux")) {
        return Optional.empty();
      }
      Linker linker = Linker.nativeLinker();
      FunctionDescriptor type =
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT);
      return linker
          .defaultLookup()
          .find("madvise")
          .map(function -> linker.downcallHandle(function, type));
    }
  }

  /// Advises about a whole map. If the system declines, results are the same.
  static void advise(MemorySegment map) {
    if (map.byteSize() < PAGE_BYTES || Madvise.HANDLE.isEmpty()) {
      return;
    }
    try {
      int _ = (int) Madvise.HANDLE.get().invokeExact(map, map.byteSize(), MADV_HUGEPAGE);
    } catch (Throwable e) {
      throw new IllegalStateException("madvise cannot be called", e);
    }
  }
}
