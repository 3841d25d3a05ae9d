package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.DeviceProvider.Listener;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import java.util.Map;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/// A device through TornadoVM.
public final class TornadoBackend implements Backend {
  /// A gigabyte: OpenCL devices refuse allocations of more than a part of their memory.
  private static final long MAX_ARRAY = 1L << 28;

  private final DevicePlans plans;

  /// A backend on a device.
  ///
  /// @param listener watches it
  TornadoBackend(TornadoDevice device, Listener listener) {
    this(new DevicePlans(device, listener, MAX_ARRAY, form(device)));
  }

  TornadoBackend(DevicePlans plans) {
    this.plans = plans;
  }

  /// Groups for what has local memory of its own; a CPU only pretends to.
  private static TornadoKernels.Form form(TornadoDevice device) {
    return device.getDeviceType() == TornadoDeviceType.CPU
        ? TornadoKernels.Form.PLAIN
        : TornadoKernels.Form.GROUPS;
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
  public void close() {
    plans.close();
  }
}
