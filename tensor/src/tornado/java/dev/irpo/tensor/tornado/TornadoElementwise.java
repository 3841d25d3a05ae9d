package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ElementwiseKernels;
import dev.irpo.tensor.tornado.task.ElementwiseTasks;

/// Records [ElementwiseKernels].
final class TornadoElementwise implements ElementwiseKernels {
  private final TaskList tasks;
  private final DeviceMemory memory;

  TornadoElementwise(TaskList tasks, DeviceMemory memory) {
    this.tasks = tasks;
    this.memory = memory;
  }

  @Override
  public void add(Buffer out, Buffer a, Buffer b, long n) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats aOn = memory.floats(a);
    DeviceMemory.Floats bOn = memory.floats(b);
    int count = Math.toIntExact(n);
    tasks.add(
        "add",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::add,
                outOn.array(),
                outOn.at(),
                aOn.array(),
                aOn.at(),
                bOn.array(),
                bOn.at(),
                count));
  }

  @Override
  public void subtract(Buffer out, Buffer a, Buffer b, long n) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats aOn = memory.floats(a);
    DeviceMemory.Floats bOn = memory.floats(b);
    int count = Math.toIntExact(n);
    tasks.add(
        "subtract",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::subtract,
                outOn.array(),
                outOn.at(),
                aOn.array(),
                aOn.at(),
                bOn.array(),
                bOn.at(),
                count));
  }

  @Override
  public void multiply(Buffer out, Buffer a, Buffer b, long n) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats aOn = memory.floats(a);
    DeviceMemory.Floats bOn = memory.floats(b);
    int count = Math.toIntExact(n);
    tasks.add(
        "multiply",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::multiply,
                outOn.array(),
                outOn.at(),
                aOn.array(),
                aOn.at(),
                bOn.array(),
                bOn.at(),
                count));
  }

  @Override
  public void scale(Buffer out, Buffer a, long n, double factor) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats aOn = memory.floats(a);
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
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats scalarOn = memory.floats(scalar);
    int count = Math.toIntExact(n);
    tasks.add(
        "fill",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::fill,
                outOn.array(),
                outOn.at(),
                scalarOn.array(),
                scalarOn.at(),
                count));
  }

  @Override
  public void zero(Buffer out, long n) {
    for (DeviceMemory.Span span : memory.spans(out)) {
      DeviceMemory.Floats outOn = span.places().getFirst();
      int count = span.count();
      tasks.add(
          "zero",
          (graph, id) -> graph.task(id, ElementwiseTasks::zero, outOn.array(), outOn.at(), count));
    }
  }

  @Override
  public void accumulate(Buffer target, Buffer x, long n) {
    DeviceMemory.Floats targetOn = memory.floats(target);
    DeviceMemory.Floats xOn = memory.floats(x);
    int count = Math.toIntExact(n);
    tasks.add(
        "accumulate",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::accumulate,
                targetOn.array(),
                targetOn.at(),
                xOn.array(),
                xOn.at(),
                count));
  }

  @Override
  public void sum(Buffer out, Buffer x, long n) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats xOn = memory.floats(x);
    int count = Math.toIntExact(n);
    tasks.add(
        "sum",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::sum,
                outOn.array(),
                outOn.at(),
                xOn.array(),
                xOn.at(),
                count));
  }

  @Override
  public void logSigmoid(Buffer out, Buffer x, long n) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats xOn = memory.floats(x);
    int count = Math.toIntExact(n);
    tasks.add(
        "logSigmoid",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::logSigmoid,
                outOn.array(),
                outOn.at(),
                xOn.array(),
                xOn.at(),
                count));
  }

  @Override
  public void logSigmoidGradient(Buffer dX, Buffer dOut, Buffer x, long n) {
    DeviceMemory.Floats dXOn = memory.floats(dX);
    DeviceMemory.Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Floats xOn = memory.floats(x);
    int count = Math.toIntExact(n);
    tasks.add(
        "logSigmoidGradient",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::logSigmoidGradient,
                dXOn.array(),
                dXOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                xOn.array(),
                xOn.at(),
                count));
  }

  @Override
  public void swiGlu(Buffer out, Buffer gate, Buffer up, long n) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats gateOn = memory.floats(gate);
    DeviceMemory.Floats upOn = memory.floats(up);
    int count = Math.toIntExact(n);
    tasks.add(
        "swiGlu",
        (graph, id) ->
            graph.task(
                id,
                ElementwiseTasks::swiGlu,
                outOn.array(),
                outOn.at(),
                gateOn.array(),
                gateOn.at(),
                upOn.array(),
                upOn.at(),
                count));
  }

  @Override
  public void swiGluGradient(
      Buffer dGate, Buffer dUp, Buffer dOut, Buffer gate, Buffer up, long n) {
    DeviceMemory.Floats dGateOn = memory.floats(dGate);
    DeviceMemory.Floats dUpOn = memory.floats(dUp);
    DeviceMemory.Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Floats gateOn = memory.floats(gate);
    DeviceMemory.Floats upOn = memory.floats(up);
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
