package dev.irpo.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.packing.PackedInputs;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenForwardTest {
  private static double largestLogitError(Backend backend) throws IOException {
    return largestLogitError(backend, Golden.model(backend, "policy"), "tiny");
  }

  private static double largestLogitErrorWithScaledFrequencies(Backend backend) throws IOException {
    Parameters parameters = Golden.model(backend, "policy", "llama3-rope/config.json");
    return largestLogitError(backend, parameters, "llama3-rope");
  }

  private static double largestLogitError(Backend backend, Parameters parameters, String folder)
      throws IOException {
    LlamaConfig config = parameters.config();
    Map<String, GoldenFiles.RawTensor> golden =
        GoldenFiles.tensors(folder + "/forward.safetensors");
    GoldenFiles.RawTensor tokens = golden.get("tokens");
    GoldenFiles.RawTensor expected = golden.get("logits");
    int batchSize = tokens.size(0);
    int seqLen = tokens.size(1);
    Shape rows = Shape.of((long) batchSize * seqLen);
    Graph graph = new Graph();
    Tensor tokenInput = graph.input("tokens", DType.INT32, rows);
    Tensor positions = graph.input("positions", DType.INT32, rows);
    Tensor segments = graph.input("segments", DType.INT32, Shape.of(batchSize, 3));
    Llama model = new Llama(parameters, Llama.Activations.KEPT);
    Tensor hidden =
        model.hidden(
            graph,
            tokenInput,
            positions,
            seqLen,
            (layer, q, k, v) -> PackedInputs.attention(config, layer).of(q, k, v, segments));
    Tensor logits = Linear.linear(hidden, model.head(graph));
    graph.output(logits);
    Program program = backend.compile(graph, parameters.buffers());
    for (int i = 0; i < batchSize * seqLen; i++) {
      long token = tokens.data().getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
      program.buffer(tokenInput).setInt(i, (int) token);
      program.buffer(positions).setInt(i, i % seqLen);
    }
    for (int s = 0; s < batchSize; s++) {
      program.buffer(segments).setInt(3L * s, s * seqLen);
      program.buffer(segments).setInt(3L * s + 1, seqLen);
      program.buffer(segments).setInt(3L * s + 2, -1);
    }
    program.run();
    Buffer actual = program.buffer(logits);
    assertTrue(actual.numElements() > 0);
    assertEquals(expected.numElements(), actual.numElements());
    double largest = 0;
    for (long i = 0; i < actual.numElements(); i++) {
      largest = Math.max(largest, Math.abs(actual.get(i) - expected.get(i)));
    }
    return largest;
  }

  @Test
  void logitsEqualThoseOfAnIndependentImplementation() throws IOException {
    // the golden model turns its queries by angles in single precision
    assertEquals(0, largestLogitError(ReferenceBackend.inDoublePrecision()), 2e-6);
    try (Backend cpu = new CpuBackend(2)) {
      assertEquals(0, largestLogitError(cpu), 1e-4);
    }
  }

  @Test
  void logitsWithLlama3sScaledFrequenciesEqualThem() throws IOException {
    Backend reference = ReferenceBackend.inDoublePrecision();
    assertEquals(0, largestLogitErrorWithScaledFrequencies(reference), 2e-6);
    try (Backend cpu = new CpuBackend(2)) {
      assertEquals(0, largestLogitErrorWithScaledFrequencies(cpu), 1e-4);
    }
  }

  @Test
  @Tag("device")
  void logitsOnADeviceEqualThem() throws IOException {
    try (Backend device = Golden.device()) {
      assertEquals(0, largestLogitError(device), 1e-4);
    }
  }

  static List<String> families() {
    return GoldenFiles.families();
  }

  @ParameterizedTest
  @MethodSource("families")
  void logitsOfEachFamilyEqualThoseOfItsIndependentImplementation(String family)
      throws IOException {
    Backend reference = ReferenceBackend.inDoublePrecision();
    String folder = "families/" + family;
    Parameters exact = Golden.family(reference, family, TensorParallel.alone());
    assertEquals(0, largestLogitError(reference, exact, folder), 2e-6);
    try (Backend cpu = new CpuBackend(2)) {
      Parameters single = Golden.family(cpu, family, TensorParallel.alone());
      assertEquals(0, largestLogitError(cpu, single, folder), 1e-4);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void twoProcessesThatHoldAFamilysModelTogetherFindTheSameLogits(String family) {
    for (InnerSum innerSum : List.of(new InnerSum.ByProcess(), new InnerSum.Tree(4))) {
      List<Double> errors =
          InProcess.run(
              2,
              group -> {
                TensorParallel parallel = new TensorParallel(group, innerSum);
                try (Backend cpu = new CpuBackend(1)) {
                  Parameters own = Golden.family(cpu, family, parallel);
                  return largestLogitError(cpu, own, "families/" + family);
                }
              });
      assertEquals(0, errors.get(0), 1e-4);
      assertEquals(errors.get(0), errors.get(1), "both have the same logits");
    }
  }

  private static void checkGreedy(Backend backend) throws IOException {
    checkGreedy(backend, Golden.model(backend, "policy"));
  }

  private static void checkGreedy(Backend backend, Parameters parameters) throws IOException {
    JsonNode greedy = GoldenFiles.json("tiny/golden.json").get("greedy");
    int[] prompt = GoldenFiles.ids(greedy.get("prompt"));
    int[] expected = GoldenFiles.ids(greedy.get("continuation"));
    Generator generator =
        new Generator(backend, parameters, DecodeLimits.of(2, 1, prompt.length, expected.length));
    List<int[]> found = new ArrayList<>();
    generator.generate(
        List.of(new GenerationRequest(0, prompt, 0, 1)).iterator(),
        Sampling.of(SamplingSettings.greedy(expected.length, List.of()), 0, 0),
        (request, samples) -> samples.forEach(sample -> found.add(sample.ids())));
    assertEquals(1, found.size());
    assertArrayEquals(expected, found.getFirst());
  }

  @Test
  void theGreedyContinuationIsExact() throws IOException {
    checkGreedy(ReferenceBackend.inDoublePrecision());
    try (Backend cpu = new CpuBackend(2)) {
      checkGreedy(cpu);
    }
  }

  @Test
  void responsesHaveTheReferenceLogProbsOfTheGoldenPairs() throws IOException {
    Backend backend = ReferenceBackend.inDoublePrecision();
    checkReferenceLogProbs(backend, Golden.model(backend, "reference"));
  }

  private static void checkReferenceLogProbs(Backend backend, Parameters parameters)
      throws IOException {
    Scorer scorer = new Scorer(backend, parameters, 256);
    JsonNode pairs = GoldenFiles.json("tiny/golden.json").get("pairs");
    assertEquals(3, pairs.size());
    for (JsonNode pair : pairs) {
      int[] prompt = GoldenFiles.ids(pair.get("prompt"));
      List<Sequence> sequences =
          List.of(
              new Sequence(prompt, GoldenFiles.ids(pair.get("chosen"))),
              new Sequence(prompt, GoldenFiles.ids(pair.get("rejected"))));
      for (int i = 0; i < 2; i++) {
        double expected = pair.get("referenceLogProbs").get(i).asDouble();
        assertEquals(expected, scorer.score(sequences).get(i).logProb(), 1e-5);
      }
    }
  }

  /// Two processes with a slice each find all the golden values.
  @ParameterizedTest
  @MethodSource("dev.irpo.transformer.parallel.TensorParallelTest#innerSums")
  void twoProcessesThatHoldTheModelTogetherFindTheSame(InnerSum innerSum) {
    List<Double> errors =
        InProcess.run(
            2,
            group -> {
              TensorParallel parallel = new TensorParallel(group, innerSum);
              Backend exact = ReferenceBackend.inDoublePrecision();
              checkReferenceLogProbs(exact, Golden.model(exact, "reference", parallel));
              Parameters policy = Golden.model(exact, "policy", parallel);
              assertEquals(0, largestLogitError(exact, policy, "tiny"), 2e-6);
              try (Backend cpu = new CpuBackend(1)) {
                Parameters onCpu = Golden.model(cpu, "policy", parallel);
                checkGreedy(cpu, onCpu);
                return largestLogitError(cpu, onCpu, "tiny");
              }
            });
    assertEquals(0, errors.get(0), 1e-4);
    assertEquals(errors.get(0), errors.get(1), "both have the same logits");
  }
}
