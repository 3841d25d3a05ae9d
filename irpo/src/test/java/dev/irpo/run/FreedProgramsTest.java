package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run frees the programs of a model when another takes its place, or a device would keep all
/// models until the run ends.
class FreedProgramsTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=3",
          "adapter.rank=4",
          "adapter.merge=iteration",
          "train.evaluateEverySteps=0",
          "train.retrainWithHeldOut=false",
          "task.heldOutProblems=0",
          "evaluate.majoritySamples=0",
          "pairs.maxTokens=140");

  @TempDir private Path temporary;

  /// The CPU, which refuses programs that were freed.
  private static final class Watched implements Backend {
    private final CpuBackend cpu = new CpuBackend(2);
    private final Set<Program> programs = new HashSet<>();

    /// How many programs there were each time that they were freed.
    private final List<Integer> freed = new ArrayList<>();

    @Override
    public String name() {
      return cpu.name();
    }

    @Override
    public BackendTraits traits() {
      return cpu.traits();
    }

    @Override
    public Buffer allocate(long numElements) {
      return cpu.allocate(numElements);
    }

    @Override
    public Buffer allocate(DType type, long numElements) {
      return cpu.allocate(type, numElements);
    }

    @Override
    public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
      Program program = cpu.compile(graph, variables, options);
      programs.add(program);
      return new Program() {
        @Override
        public Buffer buffer(Tensor tensor) {
          return program.buffer(tensor);
        }

        @Override
        public void run() {
          assertTrue(programs.contains(program), "a program that was freed runs");
          program.run();
        }

        @Override
        public String describe() {
          return program.describe();
        }

        @Override
        public long plannedBytes() {
          return program.plannedBytes();
        }

        @Override
        public long flops() {
          return program.flops();
        }
      };
    }

    @Override
    public void freePrograms() {
      freed.add(programs.size());
      programs.clear();
    }

    @Override
    public void close() {
      cpu.close();
    }
  }

  private static Watched run(RunConfig config, Path root) throws IOException {
    try (Watched backend = new Watched()) {
      RunFolder folder = SmallRun.begin(config, backend, root);
      new IterationLoop(config, folder, backend, Progress.NONE).run();
      return backend;
    }
  }

  @Test
  void aRunThatMergesEachTimeHasTheProgramsOfOneModel() throws IOException {
    Watched each = run(CONFIG, temporary.resolve("each"));
    assertEquals(3, each.freed.size(), "M_1, M_2 and M_3");
    assertEquals(each.freed.get(1), each.freed.get(2));
    assertFalse(each.programs.isEmpty());
    assertTrue(each.programs.size() < each.freed.get(2), "M_3 is evaluated alone");
    Watched never = run(CONFIG.with("adapter.merge=never"), temporary.resolve("never"));
    assertEquals(List.of(), never.freed, "one model");
  }
}
