package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.AdamW;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Clear;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.RmsNorm;
import dev.irpo.tensor.op.SquaredNorm;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// The layers of a model in one flat buffer, as a model's parameters are.
@Tag("device")
class LayersTest {
  private static final int WIDTH = 16;
  private static final int ROWS = 3;
  private static final int LAYER = WIDTH + WIDTH * WIDTH;

  /// `x ← x + W·norm(x)` for each layer, the gradients of their sum, and an optimizer's step, in
  /// one program.
  private record Model(int layers, int from, Graph graph, Tensor x, Tensor schedule, Tensor loss) {
    static Model of(int layers) {
      return of(layers, 0);
    }

    /// @param from first parameter that the optimizer changes, as in one of several processes
    static Model of(int layers, int from) {
      Graph graph = new Graph();
      Tensor x = graph.input("x", DType.F32, Shape.of(ROWS, WIDTH));
      List<Tensor> parameters = new ArrayList<>();
      Tensor state = x;
      for (int i = 0; i < layers; i++) {
        graph.section("layer " + i);
        Tensor norm = graph.variable("norm" + i, Shape.of(WIDTH));
        Tensor weight = graph.variable("weight" + i, Shape.of(WIDTH, WIDTH));
        parameters.addAll(List.of(norm, weight));
        state = Add.add(state, Linear.linear(RmsNorm.rmsNorm(state, norm, 1e-5), weight));
      }
      graph.section("head");
      Tensor loss = Sum.sum(state);
      graph.output(loss);
      Gradients.of(loss, parameters);
      graph.section("optimizer");
      Shape all = Shape.of(layers * LAYER - from);
      Tensor gradient = graph.variable("gradient", all);
      Tensor schedule = graph.input("schedule", DType.F32, Shape.of(3));
      new AdamW(new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1))
          .update(
              graph.variable("param", all),
              graph.variable("firstMoment", all),
              graph.variable("secondMoment", all),
              gradient,
              SquaredNorm.squaredNorm(gradient),
              schedule);
      Clear.clear(gradient);
      return new Model(layers, from, graph, x, schedule, loss);
    }

    Map<String, Buffer> variables(Backend backend) {
      Map<String, Buffer> variables = new HashMap<>();
      long own = (long) layers * LAYER - from;
      Buffer param = backend.allocate(own + from);
      Buffer gradient = backend.allocate(own + from);
      variables.put("param", param.slice(from, own));
      variables.put("gradient", gradient.slice(from, own));
      variables.put("firstMoment", backend.allocate(own));
      variables.put("secondMoment", backend.allocate(own));
      for (int i = 0; i < param.numElements(); i++) {
        param.set(i, 0.2 * Samples.signed(1, i));
      }
      for (int i = 0; i < layers; i++) {
        put(variables, param, "", i);
        put(variables, gradient, Gradients.PREFIX, i);
      }
      return variables;
    }

    private static void put(Map<String, Buffer> variables, Buffer flat, String prefix, int layer) {
      long first = (long) layer * LAYER;
      variables.put(prefix + "norm" + layer, flat.slice(first, WIDTH));
      variables.put(prefix + "weight" + layer, flat.slice(first + WIDTH, WIDTH * WIDTH));
    }

    /// The parameters after two steps.
    float[] train(Backend backend) {
      Map<String, Buffer> variables = variables(backend);
      Program program = backend.compile(graph, variables);
      for (int step = 0; step < 2; step++) {
        for (int i = 0; i < ROWS * WIDTH; i++) {
          program.buffer(x).set(i, Samples.signed(2, i));
        }
        program.buffer(schedule).set(0, 1e-2);
        program.buffer(schedule).set(1, 0.1);
        program.buffer(schedule).set(2, 0.05);
        program.run();
      }
      return variables.get("param").toFloatArray();
    }

    PlanGraphs graphs(DevicePlans plans) {
      Map<String, Buffer> variables = variables(new CpuBackend(1));
      Compilation compilation = new Compilation(graph, variables, CompileOptions.DEFAULT);
      List<TornadoProgram> programs = List.of(new TornadoProgram(plans, compilation));
      var onDevice = DevicePlans.variables(programs);
      VariableGroups.place(programs, onDevice, plans.maxArray());
      return new PlanGraphs("plan", programs, onDevice, plans.form());
    }
  }

  private static DevicePlans plans(Form form) {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    return new DevicePlans(device, (done, total) -> {}, 1 << 28, form, false, false);
  }

  @Test
  void moreLayersAreNotMoreToCompile() {
    for (Form form : List.of(Form.PLAIN, Form.GROUPS)) {
      PlanGraphs few = Model.of(3).graphs(plans(form));
      PlanGraphs many = Model.of(9).graphs(plans(form));
      assertEquals(few.compiledParts(), many.compiledParts());
      assertTrue(few.size() < many.size());
    }
  }

  @Test
  void layersOfOneCodeTrainAsOnTheCpu() {
    Model model = Model.of(5);
    float[] expected;
    try (Backend cpu = new CpuBackend(1)) {
      expected = model.train(cpu);
    }
    for (Form form : List.of(Form.PLAIN, Form.GROUPS)) {
      try (Backend device = new TornadoBackend(plans(form))) {
        assertArrayEquals(expected, model.train(device), 1e-5f);
      }
    }
  }

  /// As a process that is not the first one has it.
  @Test
  void anOptimizersStretchMayBeginWithinATensor() {
    Model model = Model.of(3, LAYER + WIDTH + 32);
    float[] expected;
    try (Backend cpu = new CpuBackend(1)) {
      expected = model.train(cpu);
    }
    try (Backend device = new TornadoBackend(plans(Form.PLAIN))) {
      assertArrayEquals(expected, model.train(device), 1e-5f);
    }
  }
}
