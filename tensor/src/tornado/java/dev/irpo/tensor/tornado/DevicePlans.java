package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Storage;
import dev.irpo.tensor.device.DeviceProvider.Listener;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/// All programs of a backend. TornadoVM ties memory of a device to one execution plan, so programs
/// that share variables are parts of one.
final class DevicePlans implements AutoCloseable {
  private final TornadoDevice device;
  private final Listener listener;
  private final long maxArray;
  private final TornadoKernels.Form form;
  private final boolean roundsWeights;
  private final boolean recordsGraphs;
  private final Map<TornadoProgram, DevicePlan> plans = new HashMap<>();
  private int planNumber;

  /// @param maxArray most elements of an array of a variable
  /// @param recordsGraphs whether the driver records what runs, see
  ///   [dev.irpo.tensor.device.DeviceGraphs]
  DevicePlans(
      TornadoDevice device,
      Listener listener,
      long maxArray,
      TornadoKernels.Form form,
      boolean roundsWeights,
      boolean recordsGraphs) {
    this.device = device;
    this.listener = listener;
    this.maxArray = maxArray;
    this.form = form;
    this.roundsWeights = roundsWeights;
    this.recordsGraphs = recordsGraphs;
  }

  /// Adds a program, together with those whose variables it shares; all are compiled again.
  synchronized void add(TornadoProgram program) {
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

  synchronized void run(TornadoProgram program) {
    DevicePlan plan = plans.get(program);
    if (plan == null) {
      throw new IllegalStateException("the program was freed");
    }
    plan.run(program);
  }

  /// How many there are.
  synchronized int size() {
    return (int) plans.values().stream().distinct().count();
  }

  TornadoDevice device() {
    return device;
  }

  Listener listener() {
    return listener;
  }

  TornadoKernels.Form form() {
    return form;
  }

  boolean roundsWeights() {
    return roundsWeights;
  }

  boolean recordsGraphs() {
    return recordsGraphs;
  }

  long maxArray() {
    return maxArray;
  }

  /// Gives back what the programs so far have on the device; others may follow.
  @Override
  public synchronized void close() {
    plans.values().stream().distinct().forEach(DevicePlan::close);
    plans.clear();
  }

  /// The variables of programs, with their views.
  static Map<Storage, DeviceVariable> variables(List<TornadoProgram> programs) {
    Map<Storage, DeviceVariable> variables = new LinkedHashMap<>();
    for (TornadoProgram program : programs) {
      for (Buffer view : program.variables()) {
        variables
            .computeIfAbsent(view.storage(), storage -> new DeviceVariable(storage, view.dtype()))
            .addView(view);
      }
      program.firstOfSections().forEach(view -> variables.get(view.storage()).addCut(view));
      program.rounded().forEach(storage -> variables.get(storage).keepRounded());
    }
    for (TornadoProgram program : programs) {
      program.walkedTogether().forEach(views -> cutAlike(variables, views));
    }
    return variables;
  }

  /// Cuts all of some views of equal length where one of them is cut.
  private static void cutAlike(Map<Storage, DeviceVariable> variables, List<Buffer> views) {
    for (Buffer cut : views) {
      for (long place : variables.get(cut.storage()).cutsWithin(cut)) {
        views.forEach(view -> variables.get(view.storage()).addCut(view.slice(place, 0)));
      }
    }
  }
}
