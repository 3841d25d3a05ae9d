package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DeviceProvider.CompileListener;
import dev.irpo.tensor.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/// All programs of a backend. TornadoVM ties memory of a device to one execution plan, so programs
/// that share variables are parts of one.
final class DevicePlans implements AutoCloseable {
  /// Sees each execution of a task graph.
  @FunctionalInterface
  interface Observer {
    /// Called after an execution.
    ///
    /// @throws RuntimeException to play a device that was lost
    void executed(TornadoExecutionResult result);
  }

  private final TornadoDevice device;
  private final CompileListener listener;
  private final long maxArray;
  private final Observer observer;
  private final Map<TornadoProgram, DevicePlan> plans = new HashMap<>();
  private int planNumber;

  /// @param maxArray most elements of an array of a variable
  /// @param observer null for none; with one, every execution is profiled
  DevicePlans(TornadoDevice device, CompileListener listener, long maxArray, Observer observer) {
    this.device = device;
    this.listener = listener;
    this.maxArray = maxArray;
    this.observer = observer;
  }

  /// Adds a program, together with those whose variables it shares; they are compiled anew.
  void add(TornadoProgram program) {
    List<TornadoProgram> together = new ArrayList<>();
    for (DevicePlan plan : plans.values().stream().distinct().toList()) {
      if (program.variables().stream().map(Buffer::storage).anyMatch(plan::holds)) {
        together.addAll(plan.programs());
        plan.retire();
      }
    }
    together.add(program);
    DevicePlan merged = new DevicePlan(this, "plan" + planNumber++, together);
    together.forEach(member -> plans.put(member, merged));
  }

  void run(TornadoProgram program) {
    plans.get(program).run(program);
  }

  TornadoDevice device() {
    return device;
  }

  CompileListener listener() {
    return listener;
  }

  long maxArray() {
    return maxArray;
  }

  Observer observer() {
    return observer;
  }

  @Override
  public void close() {
    plans.values().stream().distinct().forEach(DevicePlan::close);
    plans.clear();
  }

  /// The variables of programs, with their views.
  static Map<Storage, DeviceVariable> variables(List<TornadoProgram> programs) {
    Map<Storage, DeviceVariable> variables = new LinkedHashMap<>();
    for (TornadoProgram program : programs) {
      for (Buffer view : program.variables()) {
        variables.computeIfAbsent(view.storage(), DeviceVariable::new).addView(view);
      }
    }
    return variables;
  }
}
