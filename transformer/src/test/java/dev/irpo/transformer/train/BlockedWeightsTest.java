package dev.irpo.transformer.train;

import static dev.irpo.transformer.BlockedModel.ADAPTED;
import static dev.irpo.transformer.BlockedModel.CONFIG;
import static dev.irpo.transformer.Llama.Activations.KEPT;
import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.step;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.BlockedModel;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Models whose matrices are read in blocks from where a file has them: the bits of the same
/// numbers in single precision.
class BlockedWeightsTest {
  private static final List<StoredTensor> BLOCKS = BlockedModel.stored(ADAPTED);
  private static final List<StoredTensor> WIDE = BlockedModel.widened(BLOCKS);

  private static Set<String> trained(String selection) {
    return ParameterSelection.parse(selection).of(ADAPTED).keySet();
  }

  private static Parameters mapped(Backend backend, List<StoredTensor> tensors, Set<String> names) {
    return Parameters.map(
        backend,
        ADAPTED,
        "blocked",
        tensors,
        Arena.ofAuto(),
        TensorParallel.alone(),
        names,
        DType.F32);
  }

  private static Trainer<Pair> trainer(
      Backend backend, Parameters parameters, String selection, Sharding sharding) {
    ParameterSelection trained = ParameterSelection.parse(selection);
    return new Trainer<>(
        backend,
        parameters,
        new PreferenceLoss(),
        new TrainerSettings(128, KEPT, PairTraining.ADAM_W, trained, sharding));
  }

  @ParameterizedTest
  @ValueSource(strings = {"adapter", "layers:1", "*.mlp.*", "model.embed_tokens.weight"})
  void aTrainingBesideThemHasTheBitsOfOneBesideSinglePrecision(String selection) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters blocked = mapped(cpu, BLOCKS, trained(selection));
      Parameters wide = mapped(cpu, WIDE, trained(selection));
      float[] before = blocked.flat().toFloatArray();
      for (Parameters parameters : List.of(blocked, wide)) {
        step(trainer(cpu, parameters, selection, Sharding.alone()), 3, 1e-2);
      }
      assertArrayEquals(wide.flat().toFloatArray(), blocked.flat().toFloatArray());
      assertFalse(Arrays.equals(before, blocked.flat().toFloatArray()));
    }
  }

  @Test
  void theyStayWhereTheyLieAndTakeNoMemory() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters blocked = mapped(cpu, BLOCKS, trained("adapter"));
      long own = Float.BYTES * blocked.flat().numElements();
      for (StoredTensor tensor : BLOCKS) {
        Buffer buffer = blocked.buffers().get(tensor.name());
        if (BlockedModel.isBlocked(tensor)) {
          StoredTensor stored = tensor.quantised().orElseThrow();
          assertSame(DType.Q8_0, buffer.dtype());
          assertEquals(stored.data().address(), buffer.segment().address(), tensor.name());
        } else if (!Adapter.has(tensor.name())) {
          assertSame(DType.F32, buffer.dtype());
          own += Float.BYTES * tensor.shape().numElements();
        }
      }
      TensorParallel alone = TensorParallel.alone();
      assertEquals(
          own, Parameters.bytesToMap(cpu, ADAPTED, BLOCKS, alone, trained("adapter"), DType.F32));
      try (OutlineBackend outline = new OutlineBackend()) {
        var _ =
            Parameters.outline(outline, ADAPTED, alone, trained("adapter"), DType.F32, DType.Q8_0);
        assertEquals(own, outline.allocatedBytes());
      }
    }
  }

  @Test
  void whatIsTrainedAndWhatABackendCannotReadIsWidened() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters loaded = Parameters.load(cpu, ADAPTED, "blocked", BLOCKS);
      Parameters expected = Parameters.load(cpu, ADAPTED, "blocked", WIDE);
      assertArrayEquals(expected.flat().toFloatArray(), loaded.flat().toFloatArray());
    }
    Backend reference = ReferenceBackend.inSinglePrecision();
    Parameters mapped = mapped(reference, BLOCKS, trained("adapter"));
    mapped.buffers().values().forEach(buffer -> assertSame(DType.F32, buffer.dtype()));
  }

  private static float[] sampledAndScored(Backend backend, Parameters parameters) {
    List<GenerationRequest> requests =
        IntStream.range(0, 4)
            .mapToObj(i -> new GenerationRequest(i, TinyModel.tokens(i, 1 + 9 * i), 0, 2))
            .toList();
    List<Sequence> sequences = new ArrayList<>();
    List<Float> numbers = new ArrayList<>();
    new Generator(backend, parameters, new DecodeLimits(4, 2, 40, 20, 8))
        .generate(
            requests.iterator(),
            Sampling.of(new SamplingSettings(1, 0, 1, 20, List.of(2)), 5, 1),
            (request, drawn) ->
                drawn.forEach(sample -> {
                  sequences.add(new Sequence(request.prompt(), sample.ids()));
                  numbers.add((float) sample.ids().length);
                }));
    new Scorer(backend, parameters, 300)
        .score(sequences)
        .forEach(score -> numbers.add(score.logProb()));
    float[] all = new float[numbers.size()];
    IntStream.range(0, all.length).forEach(i -> all[i] = numbers.get(i));
    return all;
  }

  @Test
  void samplesAndScoresHaveTheSameBitsToo() {
    List<StoredTensor> plain = BlockedModel.stored(CONFIG);
    try (Backend cpu = new CpuBackend(2)) {
      Parameters blocked = Parameters.map(cpu, CONFIG, "blocked", plain, Arena.ofAuto());
      Parameters loaded = Parameters.load(cpu, CONFIG, "blocked", plain);
      assertArrayEquals(sampledAndScored(cpu, loaded), sampledAndScored(cpu, blocked));
    }
  }

  @Test
  void trainerAndScorerAgreeToTheBit() {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters blocked = mapped(cpu, BLOCKS, trained("adapter"));
      Trainer<Pair> trainer = trainer(cpu, blocked, "adapter", Sharding.alone());
      step(trainer, 2, 1e-2);
      List<Sequence> sequences = new ArrayList<>();
      pairs(4).forEach(pair -> sequences.add(new Sequence(pair.prompt(), pair.chosen())));
      float[] evaluated = trainer.evaluate(pairs(4)).of(Pair.CHOSEN);
      Scorer scorer = new Scorer(cpu, blocked, 200);
      for (int i = 0; i < sequences.size(); i++) {
        assertEquals(evaluated[i], scorer.score(sequences).get(i).logProb(), "sequence " + i);
      }
    }
  }

  private static float[] moments(Group group, List<StoredTensor> tensors, String selection) {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters start = mapped(cpu, tensors, Set.of());
      Trainer<Pair> trainer = trainer(cpu, start, selection, Sharding.of(group, 3));
      step(trainer, 2, 1e-2);
      return trainer.optimizer().firstMoment().toFloatArray();
    }
  }

  /// A share may begin in the middle of a block.
  @ParameterizedTest
  @ValueSource(strings = {"adapter", "all"})
  void processesThatDivideWhatIsTrained(String selection) {
    List<float[]> blocked = InProcess.run(3, group -> moments(group, BLOCKS, selection));
    List<float[]> wide = InProcess.run(3, group -> moments(group, WIDE, selection));
    for (int rank = 0; rank < 3; rank++) {
      assertArrayEquals(wide.get(rank), blocked.get(rank));
    }
  }

  /// Rows stay where they lie; columns are copies, in single precision where they cut a block.
  @Test
  void processesThatHoldAModelTogether() {
    List<float[]> found =
        InProcess.run(
            2,
            group -> {
              TensorParallel parallel = new TensorParallel(group, new InnerSum.Tree(2));
              try (Backend cpu = new CpuBackend(1)) {
                Arena arena = Arena.ofAuto();
                Parameters blocked =
                    Parameters.map(cpu, ADAPTED, "blocked", BLOCKS, arena, parallel);
                Parameters wide = Parameters.map(cpu, ADAPTED, "blocked", WIDE, arena, parallel);
                requireTypes(blocked);
                requirePlanned(cpu, parallel);
                float[] expected = sampledAndScored(cpu, wide);
                assertArrayEquals(expected, sampledAndScored(cpu, blocked));
                return expected;
              }
            });
    assertTrue(found.getFirst().length > 0);
  }

  private static void requireTypes(Parameters slice) {
    String layer = "model.layers.1.";
    for (String name : new String[] {"self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj"}) {
      assertSame(DType.Q8_0, slice.buffers().get(layer + name + ".weight").dtype(), name);
    }
    assertSame(DType.F32, slice.buffers().get(layer + "mlp.down_proj.weight").dtype());
  }

  /// The slices of columns, vectors and what an adapter has of them.
  private static void requirePlanned(Backend cpu, TensorParallel parallel) {
    LlamaConfig sizes = CONFIG;
    List<StoredTensor> plain = BlockedModel.stored(sizes);
    long vectors = (2L * sizes.numLayers() + 1) * sizes.embedDim() * Float.BYTES;
    long o = DType.Q8_0.bytes(32 * 32L);
    long down = DType.F32.bytes(32 * 48L);
    long expected = vectors + sizes.numLayers() * (o + down);
    assertEquals(expected, Parameters.bytesToMap(cpu, sizes, plain, parallel));
    try (OutlineBackend outline = new OutlineBackend()) {
      var _ = Parameters.outline(outline, sizes, parallel, Set.of(), DType.F32, DType.Q8_0);
      assertEquals(expected, outline.allocatedBytes());
    }
  }
}
