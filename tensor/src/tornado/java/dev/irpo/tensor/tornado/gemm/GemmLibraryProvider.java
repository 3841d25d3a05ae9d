package dev.irpo.tensor.tornado.gemm;

import java.util.List;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/// Runs the library tasks of [Gemm]; TornadoVM finds it as a service.
public final class GemmLibraryProvider implements TornadoLibraryProvider {
  private final List<String> names;

  /// With the cuBLAS that the dynamic linker finds.
  public GemmLibraryProvider() {
    this(CublasLibrary.NAMES);
  }

  /// @param names of libraries, of which the first that is there is taken
  GemmLibraryProvider(List<String> names) {
    this.names = names;
  }

  /// cuBLAS with a handle on the stream of an execution plan.
  record Handle(CublasLibrary library, long handle) implements LibraryContext {}

  @Override
  public String libraryName() {
    return Gemm.LIBRARY;
  }

  /// Only TornadoVM's CUDA backend shows its stream.
  @Override
  public boolean canHandle(TornadoXPUDevice device) {
    return device instanceof TornadoNativeStreamSupport;
  }

  @Override
  public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
    return createContext(((TornadoNativeStreamSupport) device).getNativeStream(executionPlanId));
  }

  /// @throws IllegalStateException if there is no cuBLAS
  LibraryContext createContext(long stream) {
    CublasLibrary library =
        CublasLibrary.open(names)
            .orElseThrow(
                () -> new IllegalStateException("none of " + names + " can be opened any more"));
    return new Handle(library, library.create(stream));
  }

  @Override
  public void dispatch(String functionName, LibraryInvocation call) {
    Handle context = (Handle) call.getContext();
    Gemm gemm = (Gemm) call.getTuning();
    context.library.gemm(
        context.handle,
        gemm,
        call.getDevicePointer(0),
        call.getDevicePointer(1),
        call.getDevicePointer(2));
  }

  @Override
  public void destroyContext(LibraryContext context) {
    Handle handle = (Handle) context;
    handle.library.destroy(handle.handle);
  }
}
