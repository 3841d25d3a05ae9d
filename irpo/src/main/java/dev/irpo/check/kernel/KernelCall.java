package dev.irpo.check.kernel;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// One kernel as an operation on variables, so that any backend runs it as it runs a model, and a
/// device keeps its arguments.
///
/// @param arguments the operation's inputs
/// @param outputs integers that the kernel writes
record KernelCall(
    KernelWork.Call call, List<Arguments.Argument> arguments, List<Arguments.Argument> outputs)
    implements Op {
  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return outputs.stream().map(output -> Shape.of(output.count())).toList();
  }

  @Override
  public DType outputType(int index, List<Tensor> inputs) {
    return outputs.get(index).type();
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return Set.of(arguments.get(index).type());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    Map<String, Buffer> byName = new HashMap<>();
    for (int i = 0; i < in.size(); i++) {
      byName.put(arguments.get(i).name(), in.get(i));
    }
    for (int i = 0; i < out.size(); i++) {
      byName.put(outputs.get(i).name(), out.get(i));
    }
    return () -> call.run(kernels, byName);
  }

  @Override
  public boolean mutates(int index) {
    return arguments.get(index).isResult();
  }
}
