package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.OptimizerKernels;
import dev.irpo.tensor.tornado.task.OptimizerTasks;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Records [OptimizerKernels].
final class TornadoOptimizer implements OptimizerKernels {
  private final TaskList tasks;
  private final DeviceMemory memory;

  TornadoOptimizer(TaskList tasks, DeviceMemory memory) {
    this.tasks = tasks;
    this.memory = memory;
  }

  @Override
  public void squaredNorm(Buffer out, Buffer x, long n) {
    DeviceMemory.Floats outOn = memory.floats(out);
    List<DeviceMemory.Span> spans = memory.spans(x);
    int most = spans.stream().mapToInt(span -> blocks(span.count())).max().orElseThrow();
    DoubleArray partial = memory.scratchDoubles(most);
    DoubleArray sum = memory.scratchDoubles(1);
    tasks.add("beginSum", (graph, id) -> graph.task(id, OptimizerTasks::beginSum, sum));
    for (DeviceMemory.Span span : spans) {
      tasks.beginGraph();
      DeviceMemory.Floats xOn = span.floats(0);
      int count = span.count();
      int blocks = blocks(count);
      tasks.add(
          "blockSquares",
          (graph, id) ->
              graph.task(
                  id,
                  OptimizerTasks::blockSquares,
                  partial,
                  xOn.array(),
                  xOn.at(),
                  count,
                  blocks,
                  NORM_BLOCK));
      tasks.add(
          "addBlocks",
          (graph, id) -> graph.task(id, OptimizerTasks::addBlocks, sum, partial, blocks));
    }
    tasks.beginGraph();
    tasks.add(
        "finishSum",
        (graph, id) -> graph.task(id, OptimizerTasks::finishSum, outOn.array(), outOn.at(), sum));
  }

  private static int blocks(int count) {
    return (count + NORM_BLOCK - 1) / NORM_BLOCK;
  }

  @Override
  public void adamW(
      Buffer param,
      Buffer firstMoment,
      Buffer secondMoment,
      Buffer gradient,
      Buffer squaredNorm,
      Buffer schedule,
      long n,
      AdamWSettings settings) {
    DeviceMemory.Floats squaredNormOn = memory.floats(squaredNorm);
    DeviceMemory.Floats scheduleOn = memory.floats(schedule);
    FloatArray hyper =
        memory.constants(
            (float) settings.beta1(),
            (float) (1 - settings.beta1()),
            (float) settings.beta2(),
            (float) (1 - settings.beta2()),
            (float) settings.epsilon(),
            (float) settings.weightDecay(),
            (float) settings.clipNorm());
    for (DeviceMemory.Span span : memory.spans(param, firstMoment, secondMoment, gradient)) {
      DeviceMemory.Floats paramOn = span.floats(0);
      DeviceMemory.Floats firstMomentOn = span.floats(1);
      DeviceMemory.Floats secondMomentOn = span.floats(2);
      DeviceMemory.Floats gradientOn = span.floats(3);
      int count = span.count();
      tasks.beginGraph();
      tasks.add(
          "adamW",
          (graph, id) ->
              graph.task(
                  id,
                  OptimizerTasks::adamW,
                  paramOn.array(),
                  paramOn.at(),
                  firstMomentOn.array(),
                  firstMomentOn.at(),
                  secondMomentOn.array(),
                  secondMomentOn.at(),
                  gradientOn.array(),
                  gradientOn.at(),
                  squaredNormOn.array(),
                  squaredNormOn.at(),
                  scheduleOn.array(),
                  scheduleOn.at(),
                  hyper,
                  count));
    }
  }
}
