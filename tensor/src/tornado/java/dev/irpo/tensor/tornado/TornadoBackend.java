package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
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
  public Program compile(Graph graph, Map<String, Buffer> variables) {
    TornadoProgram program = new TornadoProgram(plans, graph, variables);
    plans.add(program);
    return program;
  }

  @Override
  public boolean compilesSlowly() {
    return true;
  }

  @Override
  public boolean isBatchInvariant() {
    return !plans.form().callsLibrary();
  }

  @Override
  public boolean roundsWeights() {
    return plans.roundsWeights();
  }

  @Override
  public void close() {
    plans.close();
  }
}
