package dev.irpo.tensor.tornado.gemm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;

/// `cublas.c`, compiled where there is a C compiler, called through the provider that TornadoVM
/// would call and the foreign functions that it calls.
public final class StandInCublas {
  private static final long STREAM = 42;

  private StandInCublas() {}

  /// The compiled library; skips the test that asks where there is no compiler.
  static Path library() {
    Path library = Path.of("target", "stand-in", "libcublas.so").toAbsolutePath();
    if (!Files.exists(library)) {
      compile(library);
    }
    return library;
  }

  private static void compile(Path library) {
    try {
      Files.createDirectories(library.getParent());
      Path made = Files.createTempFile(library.getParent(), "made", ".so");
      Path source = Path.of("src/tornado/test/dev/irpo/tensor/tornado/gemm/cublas.c");
      Process compiler;
      try {
        compiler =
            new ProcessBuilder(
                    "cc",
                    "-shared",
                    "-fPIC",
                    "-O2",
                    "-o",
                    made.toString(),
                    source.toString(),
                    "-lm")
                .inheritIO()
                .start();
      } catch (IOException e) {
        Files.delete(made);
        assumeTrue(false, "no C compiler: " + e.getMessage());
        return;
      }
      assertEquals(0, compiler.waitFor());
      var _ = Files.move(made, library, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Runs a library task as TornadoVM's interpreter does, on arrays of the host.
  public static void run(LibraryTaskDescriptor task) {
    GemmLibraryProvider provider = new GemmLibraryProvider(List.of(library().toString()));
    assertEquals(provider.libraryName(), task.getLibraryName());
    Object[] arguments = task.getParameters();
    assertEquals(arguments.length, task.getAccess().length);
    long[] pointers = new long[arguments.length];
    boolean[] areArrays = new boolean[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      pointers[i] = ((TornadoNativeArray) arguments[i]).getSegment().address();
      areArrays[i] = true;
    }
    LibraryContext context = provider.createContext(STREAM);
    provider.dispatch(
        task.getFunctionName(),
        new LibraryInvocation(arguments, pointers, areArrays, null, 0, context, task.getTuning()));
    provider.destroyContext(context);
  }
}
