package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.device.DeviceProvider.Listener;
import java.util.Map;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/// A device through TornadoVM.
public final class TornadoBackend implements Backend {
  /// A gigabyte: OpenCL devices refuse allocations of more than a part of their memory.
  private static final long MAX_ARRAY = 1L << 28;

  private final DevicePlans plans;

  /// A backend on a device.
  ///
  /// @param listener watches it
  TornadoBackend(
      TornadoDevice device,
      TornadoKernels.Form form,
      boolean roundsWeights,
      boolean recordsGraphs,
      Listener listener) {
    this(new DevicePlans(device, listener, MAX_ARRAY, form, roundsWeights, recordsGraphs));
  }

  TornadoBackend(DevicePlans plans) {
    this.plans = plans;
  }

  @Override
  public String name() {
    return TornadoProvider.NAME;
  }

  @Override
  public Buffer allocate(long numElements) {
    return allocate(DType.F32, numElements);
  }

  /// Takes memory of the host only where the host writes.
  @Override
  public Buffer allocate(DType type, long numElements) {
    return Buffer.wrap(UntouchedMemory.allocate(type.bytes(numElements)), type);
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
    Compilation compilation = new Compilation(graph, variables, options);
    TornadoProgram program = new TornadoProgram(plans, compilation);
    plans.add(program);
    return program;
  }

  @Override
  public BackendTraits traits() {
    return new BackendTraits(
        BackendTraits.DEVICE.mappedWeights(),
        plans.roundsWeights(),
        /* compilesSlowly= */ true,
        /* isBatchInvariant= */ !plans.form().callsLibrary(),
        /* runsOnHost= */ false,
        /* keepsHalfCaches= */ true);
  }

  @Override
  public void freePrograms() {
    plans.close();
  }

  @Override
  public void close() {
    plans.close();
  }
}
