package dev.irpo.check.kernel;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import dev.irpo.tensor.op.CachedAttention;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a kernel is called with and how its results are checked.
///
/// The allowed difference is relative to the largest entry of a result. With n terms of either sign
/// that is about 4·√n and rounding at most 4·√n·u·n, which is 10⁻⁴ of it for n = 2048; a term left
/// out is 100 times that. Factors rounded to TF32, ten bits and u = 2⁻¹¹, change a term by √2·u of
/// it, and the sum by 5·√2·u·√n with five standard deviations, which is 10⁻³ of the largest entry;
/// twice that is allowed.
public abstract class KernelWork {
  /// Allowed difference in single precision.
  public static final double TOLERANCE = 1e-4;

  /// Allowed difference of products with factors rounded to TF32.
  public static final double TF32_TOLERANCE = 2e-3;

  static final double RMS_EPS = 1e-5;
  static final int SEGMENTS = 16;
  static final int BLOCKS = KernelSizes.CONTEXT / AttentionKernels.CACHE_BLOCK + 1;
  static final String KEY_CACHE = "keyCache";
  static final String VALUE_CACHE = "valueCache";

  /// A call with arguments by name.
  @FunctionalInterface
  interface Call {
    /// Calls one kernel.
    void run(Kernels kernels, Map<String, Buffer> arguments);
  }

  /// What it is called with.
  abstract Arguments arguments(KernelSizes sizes);

  /// The call that is timed.
  abstract Call call(KernelSizes sizes);

  /// The call before it, once, if it needs another kernel's results.
  Optional<Call> preparation(KernelSizes sizes) {
    return Optional.empty();
  }

  /// Floating-point operations of a call; 0 where memory decides.
  public double flops(KernelSizes sizes) {
    return 0;
  }

  /// Those of [#preparation].
  double preparationFlops(KernelSizes sizes) {
    return 0;
  }

  /// Floating-point operations of both, elementwise work counted as one operation an element.
  double referenceFlops(KernelSizes sizes) {
    return flops(sizes) + preparationFlops(sizes) + (double) arguments(sizes).bytes() / Float.BYTES;
  }

  /// Bytes that a call must move: what it reads once, what it writes once, what it changes both.
  public double bytes(KernelSizes sizes) {
    return arguments(sizes).bytes();
  }

  /// Whether it is a product with a weight, whose factors TF32 rounds.
  public boolean multipliesWeights() {
    return false;
  }

  /// Compares the results.
  List<Parity.Difference> differences(
      Map<String, Buffer> expected, Map<String, Buffer> actual, double tolerance) {
    return expected.entrySet().stream()
        .map(result -> {
          String name = result.getKey();
          return Parity.between(name, result.getValue(), actual.get(name), tolerance);
        })
        .toList();
  }

  static double productFlops(KernelSizes s) {
    return 2.0 * s.rows() * s.ffnDim() * s.embedDim();
  }

  static Arguments product(KernelSizes s, String rows, int width) {
    return new Arguments().normal(rows, (long) s.rows() * width).normal("weight", weight(s));
  }

  static long weight(KernelSizes s) {
    return (long) s.ffnDim() * s.embedDim();
  }

  static long table(KernelSizes s) {
    return (long) s.vocabSize() * s.embedDim();
  }

  static long hidden(KernelSizes s) {
    return s.elements();
  }

  static long heads(KernelSizes s) {
    return (long) s.rows() * s.numHeads() * s.headDim();
  }

  /// Elements of all rows' keys or values.
  static long keyHeads(KernelSizes s) {
    return (long) s.rows() * s.numKvHeads() * s.headDim();
  }

  static long cache(KernelSizes s) {
    return new CachedAttention(s.numHeads(), s.numKvHeads(), s.headDim())
        .cacheShape(s.slots() * BLOCKS)
        .numElements();
  }

  static Arguments elements(KernelSizes s) {
    return new Arguments().result("out", s.elements()).normal("a", s.elements());
  }

  static Arguments tokens(KernelSizes s) {
    return new Arguments().ints("tokens", s.rows(), () -> Fills.tokens(s.rows(), s.vocabSize(), 3));
  }

  static Arguments index(KernelSizes s) {
    return new Arguments().ints("index", s.rows(), () -> Fills.ascending(s.rows()));
  }

  static Arguments segments(KernelSizes s) {
    return new Arguments().ints("ids", s.rows(), () -> Fills.tokens(s.rows(), SEGMENTS, 3));
  }

  static AttentionSizes sizes(KernelSizes s, int rows, int window) {
    return new AttentionSizes(rows, 0, s.numHeads(), s.numKvHeads(), s.headDim(), window);
  }

  static AttentionSizes packedSizes(KernelSizes s, int window) {
    int numSegments = Fills.pairSegments(s.rows());
    return new AttentionSizes(
        s.rows(), numSegments, s.numHeads(), s.numKvHeads(), s.headDim(), window);
  }

  static Arguments packed(KernelSizes s) {
    long columns = AttentionKernels.SEGMENT_COLUMNS;
    return new Arguments()
        .result("out", heads(s))
        .result("logSumExp", (long) s.rows() * s.numHeads())
        .normal("q", heads(s))
        .normal("k", keyHeads(s))
        .normal("v", keyHeads(s))
        .ints("segments", columns * Fills.pairSegments(s.rows()), () -> Fills.pairTable(s.rows()));
  }

  static void attend(AttentionSizes sizes, Kernels k, Map<String, Buffer> a) {
    k.attention()
        .packedAttention(
            a.get("out"),
            a.get("logSumExp"),
            a.get("q"),
            a.get("k"),
            a.get("v"),
            a.get("segments"),
            sizes);
  }

  static ScoreSizes scoreSizes(KernelSizes s) {
    return new ScoreSizes(s.rows(), s.rows(), s.embedDim(), s.vocabSize());
  }

  static Arguments scored(KernelSizes s) {
    return index(s)
        .ints("targets", s.rows(), () -> Fills.tokens(s.rows(), s.vocabSize(), 3))
        .result("out", s.rows())
        .result("logSumExp", s.rows())
        .normal("x", hidden(s))
        .normal("weight", table(s));
  }

  static void score(KernelSizes s, Kernels k, Map<String, Buffer> a) {
    k.score()
        .tokenLogProbs(
            a.get("out"),
            a.get("logSumExp"),
            a.get("x"),
            a.get("weight"),
            a.get("index"),
            a.get("targets"),
            scoreSizes(s));
  }
}
