package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ElementwiseKernels;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;
import dev.irpo.tensor.tornado.task.ElementwiseTasks;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import java.util.List;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task7;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Records [ElementwiseKernels].
final class TornadoElementwise implements ElementwiseKernels {
  private final TaskList tasks;
  private final DeviceMemory memory;

  TornadoElementwise(TaskList tasks, DeviceMemory memory) {
    this.tasks = tasks;
    this.memory = memory;
  }

  /// A task with a result and an argument of n elements.
  private void addTask(
      String name,
      Task5<FloatArray, Integer, FloatArray, Integer, Integer> task,
      Floats out,
      Floats x,
      long n) {
    int count = Math.toIntExact(n);
    tasks.add(
        name, (graph, id) -> graph.task(id, task, out.array(), out.at(), x.array(), x.at(), count));
  }

  /// A task with a result and two arguments of n elements.
  private void addTask(
      String name,
      Task7<FloatArray, Integer, FloatArray, Integer, FloatArray, Integer, Integer> task,
      Buffer out,
      Buffer a,
      Buffer b,
      long n) {
    Floats outOn = memory.floats(out);
    Floats aOn = memory.floats(a);
    Floats bOn = memory.floats(b);
    int count = Math.toIntExact(n);
    tasks.add(
        name,
        (graph, id) ->
            graph.task(
                id,
                task,
                outOn.array(),
                outOn.at(),
                aOn.array(),
                aOn.at(),
                bOn.array(),
                bOn.at(),
                count));
  }

  @Override
  public void narrow(Buffer out, Buffer x, long n) {
    FloatArray powers = memory.constants(RoundingTasks.powers());
    List<DeviceMemory.Span> spans = memory.spans(out, x);
    for (DeviceMemory.Span span : spans) {
      if (spans.size() > 1) {
        tasks.beginGraph();
      }
      Pairs outOn = span.pairs(0);
      Floats xOn = span.floats(1);
      int words = RoundingTasks.words(outOn.at(), span.count());
      tasks.add(
          "narrow",
          (graph, id) ->
              graph.task(
                  id,
                  RoundingTasks::narrow,
                  outOn.array(),
                  outOn.at(),
                  xOn.array(),
                  xOn.at(),
                  powers,
                  words,
                  span.count()));
    }
  }

  @Override
  public void widen(Buffer out, Buffer x, long n) {
    Pairs xOn = (Pairs) memory.numbers(x);
    new Widening(tasks, memory).widen(memory.floats(out), xOn, Math.toIntExact(n));
  }

  @Override
  public void add(Buffer out, Buffer a, Buffer b, long n) {
    addTask("add", ElementwiseTasks::add, out, a, b, n);
  }

  @Override
  public void subtract(Buffer out, Buffer a, Buffer b, long n) {
    addTask("subtract", ElementwiseTasks::subtract, out, a, b, n);
  }

  @Override
  public void multiply(Buffer out, Buffer a, Buffer b, long n) {
    addTask("multiply", ElementwiseTasks::multiply, out, a, b, n);
  }

  @Override
  public void scale(Buffer out, Buffer a, long n, double factor) {
    Floats outOn = memory.floats(out);
    Floats aOn = memory.floats(a);
    int count = Math.toIntExact(n);
    float single = (float) factor;
    tasks.add(
        "scale",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::scale,
                outOn.array(),
                outOn.at(),
                aOn.array(),
                aOn.at(),
                count,
                single));
  }

  @Override
  public void fill(Buffer out, Buffer scalar, long n) {
    addTask("fill", ElementwiseTasks::fill, memory.floats(out), memory.floats(scalar), n);
  }

  @Override
  public void zero(Buffer out, long n) {
    List<DeviceMemory.Span> spans = memory.spans(out);
    for (DeviceMemory.Span span : spans) {
      if (spans.size() > 1) {
        tasks.beginGraph();
      }
      zero(span.floats(0), span.count());
    }
  }

  /// [#zero] where a device has the array.
  void zero(Floats out, int n) {
    tasks.add(
        "zero", (graph, id) -> graph.task(id, ElementwiseTasks::zero, out.array(), out.at(), n));
  }

  @Override
  public void accumulate(Buffer target, Buffer x, long n) {
    accumulate(memory.floats(target), memory.floats(x), n);
  }

  /// [#accumulate] where a device has the arrays.
  void accumulate(Floats target, Floats x, long n) {
    addTask("accumulate", ElementwiseTasks::accumulate, target, x, n);
  }

  @Override
  public void sum(Buffer out, Buffer x, long n) {
    addTask("sum", ElementwiseTasks::sum, memory.floats(out), memory.floats(x), n);
  }

  @Override
  public void logSigmoid(Buffer out, Buffer x, long n) {
    addTask("logSigmoid", ElementwiseTasks::logSigmoid, memory.floats(out), memory.floats(x), n);
  }

  @Override
  public void logSigmoidGradient(Buffer dX, Buffer dOut, Buffer x, long n) {
    addTask("logSigmoidGradient", ElementwiseTasks::logSigmoidGradient, dX, dOut, x, n);
  }

  @Override
  public void swiGlu(Buffer out, Buffer gate, Buffer up, long n) {
    addTask("swiGlu", ElementwiseTasks::swiGlu, out, gate, up, n);
  }

  @Override
  public void swiGluGradient(
      Buffer dGate, Buffer dUp, Buffer dOut, Buffer gate, Buffer up, long n) {
    Floats dGateOn = memory.floats(dGate);
    Floats dUpOn = memory.floats(dUp);
    Floats dOutOn = memory.floats(dOut);
    Floats gateOn = memory.floats(gate);
    Floats upOn = memory.floats(up);
    int count = Math.toIntExact(n);
    tasks.add(
        "swiGluGradient",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::swiGluGradient,
                dGateOn.array(),
                dGateOn.at(),
                dUpOn.array(),
                dUpOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                gateOn.array(),
                gateOn.at(),
                upOn.array(),
                upOn.at(),
                count));
  }
}
