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
record KernelCall(KernelWork.Call call, List<Arguments.Argument> arguments) implements Op {
  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of();
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
    return () -> call.run(kernels, byName);
  }

  @Override
  public boolean mutates(int index) {
    return arguments.get(index).isResult();
  }
}
