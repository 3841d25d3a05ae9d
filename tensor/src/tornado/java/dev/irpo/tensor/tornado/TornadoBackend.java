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
import java.util.List;
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
      TornadoDevice device, TornadoKernels.Form form, boolean roundsWeights, Listener listener) {
    this(new DevicePlans(device, listener, MAX_ARRAY, form, roundsWeights));
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
    return Buffer.allocate(DType.F32, numElements);
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
        /* readsHalfWeights= */ false,
        plans.roundsWeights(),
        /* compilesSlowly= */ true,
        /* isBatchInvariant= */ !plans.form().callsLibrary(),
        /* storesHalf= */ true,
        /* runsOnHost= */ false);
  }

  /// The host's images of the device's variables, and of their rounded copies.
  @Override
  public long extraBytes(List<Compilation> compilations) {
    return DeviceVariable.imageBytes(compilations, plans.roundsWeights());
  }

  @Override
  public void close() {
    plans.close();
  }
}
