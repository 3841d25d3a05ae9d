package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import dev.irpo.tensor.tornado.TaskList;
import dev.irpo.tensor.tornado.TornadoKernels;
import dev.irpo.tensor.tornado.gemm.StandInCublas;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/// The kernels of a device as kernels that compute when they are called.
final class ImmediateKernels {
  private ImmediateKernels() {}

  /// Calls the tasks as Java methods.
  static Kernels inJava() {
    return inJava(TornadoKernels.Form.PLAIN);
  }

  /// The same in a form, with operations for which no library is called.
  static Kernels inJava(TornadoKernels.Form form) {
    return running(
        form,
        GuardedArrays.GUARDS,
        (tasks, arrays) -> tasks.addTo(JavaTasks.calling(call -> fail("no library is asked for"))));
  }

  /// Calls the tasks as Java methods, those of cuBLAS through the foreign functions that a device
  /// would call, with a library of ours.
  static Kernels inJavaWithCublas() {
    return inJava(TornadoKernels.Form.CUBLAS, GuardedArrays.GUARDS, StandInCublas::run);
  }

  /// Calls the tasks as Java methods, `cublasSgemm` as its documentation says.
  ///
  /// @param before elements before each argument; the library takes arguments without any as they
  ///   are
  static Kernels inJavaWithSgemm(int before) {
    return inJava(TornadoKernels.Form.SGEMM, before, ColumnMajorGemm::run);
  }

  private static Kernels inJava(
      TornadoKernels.Form form, int before, Consumer<LibraryTaskDescriptor> library) {
    return running(
        form,
        before,
        (tasks, arrays) -> {
          List<LibraryTaskDescriptor> calls = new ArrayList<>();
          tasks.addTo(
              JavaTasks.calling(call -> {
                library.accept(call);
                calls.add(call);
              }));
          assertFalse(calls.isEmpty(), "the library is not called");
        });
  }

  /// Runs the tasks as a task graph on TornadoVM's default device.
  static Kernels onDevice(TornadoKernels.Form form) {
    return running(
        form,
        GuardedArrays.GUARDS,
        (tasks, arrays) -> {
          Object[] all = arrays.all();
          TaskGraph before = new TaskGraph("arrays");
          before.transferToDevice(DataTransferMode.EVERY_EXECUTION, all);
          arrays.keepIn(before);
          before.persistOnDevice(all);
          TaskGraph kernel = new TaskGraph("kernel");
          kernel.consumeFromDevice(all);
          tasks.addTo(kernel);
          kernel.transferToHost(DataTransferMode.EVERY_EXECUTION, all);
          try (TornadoExecutionPlan plan =
              new TornadoExecutionPlan(before.snapshot(), kernel.snapshot())) {
            GridScheduler grids = new GridScheduler();
            tasks.addGrids("kernel", grids);
            if (!grids.keySet().isEmpty()) {
              plan.withGridScheduler(grids);
            }
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
          } catch (TornadoExecutionPlanException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static Kernels running(
      TornadoKernels.Form form, int before, BiConsumer<TaskList, GuardedArrays> runner) {
    return new Kernels(
        family(MatrixKernels.class, form, before, runner),
        family(RowKernels.class, form, before, runner),
        family(AttentionKernels.class, form, before, runner),
        family(ElementwiseKernels.class, form, before, runner),
        family(ScoreKernels.class, form, before, runner),
        family(OptimizerKernels.class, form, before, runner));
  }

  private static <T> T family(
      Class<T> type,
      TornadoKernels.Form form,
      int before,
      BiConsumer<TaskList, GuardedArrays> runner) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          TaskList tasks = new TaskList();
          GuardedArrays arrays = new GuardedArrays(before);
          Kernels recording = TornadoKernels.recordingInto(tasks, arrays, form);
          method.invoke(family(recording, type), arguments);
          runner.accept(tasks, arrays);
          arrays.copyOut();
          return null;
        };
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static Object family(Kernels kernels, Class<?> type) throws ReflectiveOperationException {
    for (var component : Kernels.class.getRecordComponents()) {
      if (component.getType() == type) {
        Method accessor = component.getAccessor();
        return accessor.invoke(kernels);
      }
    }
    throw new AssertionError(type);
  }
}
