package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Storage;
import dev.irpo.tensor.device.DeviceFailure;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// Programs that share variables as one execution plan, made when the first of them runs.
///
/// A variable is copied to the device when its storage changed on the host, and back when the host
/// asks for it; between runs everything stays where it is.
final class DevicePlan implements AutoCloseable {
  private final DevicePlans owner;
  private final String name;
  private final List<TornadoProgram> programs;
  private final Map<Storage, DeviceVariable> variables;
  private final Map<TornadoProgram, List<Storage>> storages = new HashMap<>();
  private final Map<Storage, Storage.Source> contents = new HashMap<>();
  private PlanGraphs graphs;
  private TornadoExecutionPlan plan;

  DevicePlan(DevicePlans owner, String name, List<TornadoProgram> programs) {
    this.owner = owner;
    this.name = name;
    this.programs = List.copyOf(programs);
    variables = DevicePlans.variables(programs);
    programs.forEach(program -> storages.put(program, program.storages()));
    variables.forEach((storage, variable) -> contents.put(storage, new Content(variable)));
  }

  List<TornadoProgram> programs() {
    return programs;
  }

  boolean holds(Storage storage) {
    return variables.containsKey(storage);
  }

  void run(TornadoProgram program) {
    if (plan == null) {
      start();
    }
    for (Storage storage : storages.get(program)) {
      DeviceVariable variable = variables.get(storage);
      if (variable.isStale()) {
        graphs.transfers().send(variable, this::put);
        variable.markCurrent();
      }
    }
    for (Storage storage : program.rounded()) {
      DeviceVariable variable = variables.get(storage);
      if (variable.isRoundedStale()) {
        graphs.transfers().sendRounded(variable, this::put);
        variable.markRounded();
      }
    }
    graphs.parts(program).forEach(this::execute);
    for (Storage storage : program.changed()) {
      storage.markChangedOnDevice(contents.get(storage));
      variables.get(storage).markCurrent();
    }
  }

  /// What the device has of a variable. Writers of checkpoints read it in threads of their own.
  private final class Content implements Storage.Source {
    private final DeviceVariable variable;

    Content(DeviceVariable variable) {
      this.variable = variable;
    }

    @Override
    public Object lock() {
      return owner;
    }

    @Override
    public void read(long offset, MemorySegment target) {
      if (plan == null) {
        throw new IllegalStateException("the device that has this memory was closed");
      }
      graphs.transfers().receive(variable, DevicePlan.this::take, offset, target);
    }
  }

  private void put(TornadoNativeArray array) {
    execute(graphs.put(array));
  }

  private void take(TornadoNativeArray array) {
    execute(graphs.take(array));
  }

  private void start() {
    VariableGroups.place(programs, variables, owner.maxArray());
    graphs = new PlanGraphs(name, programs, variables, owner.form());
    DeviceLimits.require(owner.device(), graphs);
    plan = new TornadoExecutionPlan(graphs.snapshots());
    try {
      prepare();
    } catch (RuntimeException | Error e) {
      try {
        close(); // or the next run would find a plan without its arrays
      } catch (DeviceFailure failure) {
        e.addSuppressed(failure);
      }
      throw e;
    }
  }

  /// Compiles, and makes all arrays on the device.
  private void prepare() {
    var _ = plan.withDevice(owner.device());
    if (!graphs.grids().keySet().isEmpty()) {
      var _ = plan.withGridScheduler(graphs.grids());
    }
    if (owner.recordsGraphs() && !owner.listener().wantsExecutions()) {
      var _ = plan.withCUDAGraph();
    }
    List<Integer> compiledFirst = graphs.compiledFirst();
    int done = 0;
    for (int graph : compiledFirst) {
      var _ = plan.withGraph(graph).withPreCompilation();
      owner.listener().compiled(++done, compiledFirst.size());
    }
    for (int graph : graphs.workspace()) {
      execute(graph);
    }
  }

  private void execute(int graph) {
    try {
      TornadoExecutionPlan selected = plan.withGraph(graph);
      if (owner.listener().wantsExecutions()) {
        TornadoProfilerResult profile =
            selected.withProfiler(ProfilerMode.SILENT).execute().getProfilerResult();
        owner
            .listener()
            .executed(
                profile.getTotalBytesCopyIn(),
                profile.getTotalBytesCopyOut(),
                plan.getCurrentDeviceMemoryUsage());
      } else {
        var _ = selected.execute();
      }
    } catch (RuntimeException e) {
      throw new DeviceFailure(
          "the device '%s' failed in %s (%s); run the same command again, there or with another --backend"
              .formatted(TornadoProvider.name(owner.device()), graphs.name(graph), e.getMessage()),
          e);
    }
  }

  /// Brings what changed on the device to the host, so that another plan can continue from it.
  void retire() {
    if (plan != null) {
      contents.forEach(Storage::refreshFrom);
    }
    close();
  }

  /// Gives the device's memory back. What the host did not ask for until now is lost.
  @Override
  public void close() {
    if (plan == null) {
      return;
    }
    try {
      // frees what the graph executed last names, and each names every shared array
      plan.close();
    } catch (TornadoExecutionPlanException e) {
      throw new DeviceFailure("the device's memory could not be given back: " + e.getMessage(), e);
    } finally {
      // freeing counts as a reset, after which TornadoVM refuses what was compiled before
      owner.device().getDeviceContext().setResetToFalse();
      plan = null;
    }
  }
}
