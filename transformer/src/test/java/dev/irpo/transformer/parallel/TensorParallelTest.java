package dev.irpo.transformer.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Processes that hold a model together compute what one computes.
public class TensorParallelTest {
  /// 8 heads of 6 in 4 groups: 1, 2 or 4 processes can hold it together, in up to 8 slices.
  private static final LlamaConfig CONFIG =
      new LlamaConfig(61, 24, 40, 2, 8, 4, 6, 96, 10_000, 1e-5, false, 1, List.of(2));

  private static final InnerSum TREE = new InnerSum.Tree(8);

  /// Both orders, for the golden model too.
  public static Stream<InnerSum> innerSums() {
    return Stream.of(new InnerSum.ByProcess(), new InnerSum.Tree(4));
  }

  /// What one process found.
  private record Found(List<Sample> samples, float[] scores) {}

  private static Parameters slice(Backend backend, DType dtype, TensorParallel parallel) {
    Parameters whole = TinyModel.parameters(backend, CONFIG);
    return Parameters.map(
        backend, CONFIG, "tiny", TinyModel.stored(whole, dtype), Arena.ofAuto(), parallel);
  }

  /// Samples, and scores what it sampled.
  private static Found sampleAndScore(Backend backend, Parameters parameters) {
    List<GenerationRequest> requests =
        IntStream.range(0, 4)
            .mapToObj(i -> new GenerationRequest(i, TinyModel.tokens(i, 1 + 9 * i), 0, 2))
            .toList();
    List<Sample> samples = new ArrayList<>();
    List<Sequence> sequences = new ArrayList<>();
    new Generator(backend, parameters, new DecodeLimits(4, 2, 40, 20, 8))
        .generate(
            requests.iterator(),
            Sampling.of(new SamplingSettings(1, 0, 1, 20, List.of(2)), 5, 1),
            (request, drawn) ->
                drawn.forEach(sample -> {
                  samples.add(sample);
                  sequences.add(new Sequence(request.prompt(), sample.ids()));
                }));
    Scorer scorer = new Scorer(backend, parameters, 128);
    float[] scores = new float[0];
    for (var score : scorer.score(sequences)) {
      scores = concatenated(scores, score.tokenLogProbs());
    }
    return new Found(samples, scores);
  }

  private static float[] concatenated(float[] a, float[] b) {
    float[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static List<Found> onCpu(int ranks, DType dtype, InnerSum innerSum) {
    return InProcess.run(ranks, group -> onCpu(group, dtype, innerSum));
  }

  private static Found onCpu(Group group, DType dtype, InnerSum innerSum) {
    try (Backend cpu = new CpuBackend(1)) {
      return sampleAndScore(cpu, slice(cpu, dtype, new TensorParallel(group, innerSum)));
    }
  }

  private static void requireSame(Found expected, Found found) {
    assertEquals(expected.samples.size(), found.samples.size());
    for (int i = 0; i < expected.samples.size(); i++) {
      assertArrayEquals(expected.samples.get(i).ids(), found.samples.get(i).ids());
      assertArrayEquals(
          expected.samples.get(i).tokenLogProbs(), found.samples.get(i).tokenLogProbs());
    }
    assertArrayEquals(expected.scores, found.scores);
  }

  private static float[] recorded(Found found) {
    float[] all = new float[0];
    for (Sample sample : found.samples) {
      all = concatenated(all, sample.tokenLogProbs());
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void withATreeOneTwoAndFourProcessesSampleAndScoreTheSameBits(DType dtype) {
    Found alone = onCpu(Group.alone(), dtype, TREE);
    assertTrue(alone.scores.length > 40, "enough was sampled");
    assertArrayEquals(recorded(alone), alone.scores);
    for (int ranks : new int[] {2, 4}) {
      for (Found found : onCpu(ranks, dtype, TREE)) {
        requireSame(alone, found);
      }
    }
  }

  @Test
  void withATreeTheReferenceGivesTheSameBitsToo() {
    List<Found> found = new ArrayList<>();
    for (int ranks : new int[] {1, 2}) {
      found.addAll(
          InProcess.run(
              ranks,
              group -> {
                Backend backend = ReferenceBackend.inSinglePrecision();
                TensorParallel parallel = new TensorParallel(group, TREE);
                return sampleAndScore(backend, slice(backend, DType.F32, parallel));
              }));
    }
    requireSame(found.get(0), found.get(1));
    requireSame(found.get(0), found.get(2));
  }

  @Test
  void withoutATreeProcessesAgreeWithEachOtherAndNearlyWithOne() {
    InnerSum byProcess = new InnerSum.ByProcess();
    Found alone = onCpu(Group.alone(), DType.F32, byProcess);
    for (int ranks : new int[] {2, 4}) {
      List<Found> found = onCpu(ranks, DType.F32, byProcess);
      found.forEach(one -> requireSame(found.getFirst(), one));
      Found first = found.getFirst();
      assertArrayEquals(recorded(first), first.scores, "decoding is the full forward pass");
      for (int i = 0; i < alone.samples.size(); i++) {
        assertArrayEquals(alone.samples.get(i).ids(), first.samples.get(i).ids());
      }
      assertArrayEquals(alone.scores, first.scores, 1e-4f);
      assertFalse(Arrays.equals(alone.scores, first.scores), "another order gives other bits");
    }
  }

  @Test
  void whatDoesNotDivideIsRefusedWithWhatWould() {
    InProcess.run(
        3,
        group -> {
          TensorParallel parallel = new TensorParallel(group, new InnerSum.ByProcess());
          assertEquals(
              "num_attention_heads 8, num_key_value_heads 4 and intermediate_size 40 do not all"
                  + " divide by 3 processes; let a divisor of 4 hold the model together",
              refusal(() -> CONFIG.slice(parallel)));
          assertEquals(
              "3 processes do not divide the 8 slices of a reproducible sum; use a power of two"
                  + " up to 8",
              refusal(() -> new TensorParallel(group, TREE)));
          return null;
        });
    TensorParallel fine = new TensorParallel(Group.alone(), new InnerSum.Tree(16));
    assertEquals(
        "num_attention_heads × head_dim 48 and intermediate_size 40 do not both divide into 16"
            + " slices; take fewer",
        refusal(() -> CONFIG.slice(fine)));
    assertEquals(
        "6 slices form no binary tree; use a power of two", refusal(() -> new InnerSum.Tree(6)));
  }

  private static String refusal(Runnable action) {
    return assertThrows(IllegalArgumentException.class, action::run).getMessage();
  }

  @ParameterizedTest
  @MethodSource("innerSums")
  void eachProcessReadsItsOwnBytesOfAFileAndNoOthers(InnerSum innerSum) {
    Backend backend = ReferenceBackend.inSinglePrecision();
    List<StoredTensor> tensors = TinyModel.stored(TinyModel.parameters(backend, CONFIG), DType.F32);
    List<Integer> elements =
        InProcess.run(
            4,
            group -> {
              ReadBytes read = new ReadBytes();
              TensorParallel parallel = new TensorParallel(group, innerSum);
              Parameters own =
                  Parameters.load(backend, CONFIG, "tiny", read.watched(tensors), parallel);
              long bytes = own.config().numParameters() * Float.BYTES;
              assertEquals(bytes, read.total());
              return (int) own.config().numParameters();
            });
    long layers = 2L * (2 * 48 * 24 + 2 * 24 * 24 + 3 * 40 * 24);
    long whole = CONFIG.numParameters();
    assertEquals(whole - layers + layers / 4, elements.getFirst().longValue());
  }
}
