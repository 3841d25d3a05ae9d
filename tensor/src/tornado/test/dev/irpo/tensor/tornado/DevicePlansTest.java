package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.device.DeviceProvider.Listener;
import dev.irpo.tensor.op.Accumulate;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// Plans that cannot be made, and plans that go.
@Tag("device")
class DevicePlansTest {
  private static final int N = 100;

  private static DevicePlans plans(Listener listener) {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    return new DevicePlans(device, listener, 1 << 28, Form.PLAIN, false, false);
  }

  /// The sum of a variable, which is then doubled.
  private record Doubling(Program program, Tensor sum) {
    static Doubling of(Backend backend, Buffer variable) {
      Graph graph = new Graph();
      Tensor all = graph.variable("all", Shape.of(N));
      Tensor sum = Sum.sum(all);
      graph.output(sum);
      Accumulate.accumulate(all, Scale.scale(all, 1));
      return new Doubling(backend.compile(graph, Map.of("all", variable)), sum);
    }

    double run() {
      program.run();
      return program.buffer(sum).get(0);
    }
  }

  private static Buffer ones(Backend backend) {
    Buffer buffer = backend.allocate(N);
    for (int i = 0; i < N; i++) {
      buffer.set(i, 1);
    }
    return buffer;
  }

  @Test
  void aPlanWhoseCompilationFailsIsMadeAgain() {
    boolean[] fails = {true};
    Listener listener =
        (done, total) -> {
          if (fails[0]) {
            throw new IllegalStateException("no room for the code");
          }
        };
    try (Backend backend = new TornadoBackend(plans(listener))) {
      Buffer variable = ones(backend);
      Doubling doubling = Doubling.of(backend, variable);
      for (int i = 0; i < 2; i++) {
        assertThrows(IllegalStateException.class, doubling::run);
      }
      fails[0] = false;
      assertEquals(N, doubling.run());
      assertEquals(2 * N, doubling.run());
      assertEquals(4, variable.get(N - 1));
    }
  }

  @Test
  void programsThatAreFreedLeaveNothingOnTheDevice() {
    DevicePlans plans = plans((done, total) -> {});
    try (Backend backend = new TornadoBackend(plans)) {
      for (int model = 0; model < 3; model++) {
        Buffer variable = ones(backend);
        Doubling doubling = Doubling.of(backend, variable);
        assertEquals(N, doubling.run());
        assertEquals(1, plans.size());
        backend.freePrograms();
        assertEquals(0, plans.size());
        String message = assertThrows(IllegalStateException.class, doubling::run).getMessage();
        assertEquals("the program was freed", message);
        message = assertThrows(IllegalStateException.class, () -> variable.get(0)).getMessage();
        assertEquals("the device that has this memory was closed", message);
      }
    }
  }
}
