package dev.irpo.benchmarks.steps;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.benchmarks.setup.PeakMemory;
import dev.irpo.tensor.cpu.CpuBackend;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// One point of [ScalingCommand], in this JVM, as a line of JSON.
@Command(name = "point", hidden = true, description = "One point of scaling, in this JVM.")
public final class PointCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "CURVE")
  private Curve curve;

  @Parameters(index = "1", paramLabel = "SIZE")
  private int size;

  @Mixin private TimingOptions options;

  @Override
  public Integer call() throws Exception {
    try (CpuBackend backend = new CpuBackend(options.threads())) {
      Timing time = Timing.of(options.repeats(), curve.work(backend, size));
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      json.put("median", time.median()).put("least", time.least()).put("most", time.most());
      json.put("runs", time.runs());
      PeakMemory.bytes().ifPresent(bytes -> json.put("bytes", bytes));
      System.out.println(json);
    }
    return 0;
  }
}
