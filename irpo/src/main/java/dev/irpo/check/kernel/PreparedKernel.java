package dev.irpo.check.kernel;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A kernel with arguments of its own, compiled for a backend.
public final class PreparedKernel {
  private final KernelWork work;
  private final List<Arguments.Argument> arguments;
  private final Map<String, Buffer> buffers = new LinkedHashMap<>();
  private final List<Program> preparation = new ArrayList<>();
  private final Program timed;

  /// Fills its arguments and compiles.
  public PreparedKernel(Backend backend, KernelWork kernel, KernelSizes sizes) {
    work = kernel;
    arguments = kernel.arguments(sizes).all();
    for (Arguments.Argument argument : arguments) {
      buffers.put(argument.name(), argument.content().get());
    }
    kernel.preparation(sizes).ifPresent(call -> preparation.add(compile(backend, call)));
    timed = compile(backend, kernel.call(sizes));
  }

  private Program compile(Backend backend, KernelWork.Call call) {
    Graph graph = new Graph();
    List<Tensor> leaves = new ArrayList<>();
    List<Arguments.Argument> inputs =
        arguments.stream().filter(argument -> !argument.isOutput()).toList();
    for (Arguments.Argument argument : inputs) {
      Shape shape = Shape.of(argument.count());
      leaves.add(
          argument.type() == DType.INT32
              ? graph.input(argument.name(), argument.type(), shape)
              : graph.variable(argument.name(), argument.type(), shape));
    }
    List<Arguments.Argument> outputs =
        arguments.stream().filter(Arguments.Argument::isOutput).toList();
    Node node = graph.apply(new KernelCall(call, inputs, outputs), leaves.toArray(Tensor[]::new));
    node.outputs().forEach(graph::output);
    Program program = backend.compile(graph, buffers);
    for (Tensor leaf : leaves) {
      if (leaf.kind() == Tensor.Kind.INPUT) {
        program.buffer(leaf).copyFrom(buffers.get(leaf.name()));
      }
    }
    return program;
  }

  /// Computes what arguments need that are results of another kernel.
  public void prepare() {
    preparation.forEach(Program::run);
  }

  /// The call that is timed.
  public void run() {
    timed.run();
  }

  /// Compares what it wrote with what the reference did.
  ///
  /// @param tolerance allowed difference relative to the largest entry
  /// @return the result and the entry that are furthest beyond what is allowed, or nearest to it
  /// @throws IllegalStateException if the reference's results are nothing to compare with
  public Parity.Difference difference(PreparedKernel reference, double tolerance) {
    return work.differences(reference.results(), results(), tolerance).stream()
        .max(Comparator.comparingDouble(d -> d.bound() == 0 ? d.size() : d.size() / d.bound()))
        .orElseThrow();
  }

  /// What the kernel wrote, by name, but for outputs: no work is compared by integers.
  private Map<String, Buffer> results() {
    Map<String, Buffer> results = new LinkedHashMap<>();
    for (Arguments.Argument argument : arguments) {
      if (argument.isResult() && !argument.isOutput()) {
        results.put(argument.name(), buffers.get(argument.name()));
      }
    }
    return results;
  }
}
