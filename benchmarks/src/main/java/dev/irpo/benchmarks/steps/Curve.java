package dev.irpo.benchmarks.steps;

import dev.irpo.check.step.SamplingWork;
import dev.irpo.check.step.StepShape;
import dev.irpo.check.step.TrainingWork;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.decode.SamplingSettings;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// Work that grows in one size while the others stay.
enum Curve {
  /// A step of S, all of whose pairs go through the model together.
  TOKENS(
      "training step of S, tokens of its pairs, 128 of each prompt and 64 of each response",
      256,
      16_384) {
    @Override
    Runnable work(CpuBackend backend, int tokens) {
      StepShape shape = new StepShape(tokens / 256, 128, 64, tokens, false);
      return step(backend, model(WIDTH_OF_S), shape);
    }
  },
  /// A step of models of four layers.
  WIDTH("training step of 8 pairs of 64 + 2 × 64 tokens, width of the model", 64, 1024) {
    @Override
    Runnable work(CpuBackend backend, int width) {
      StepShape shape = new StepShape(8, 64, 64, 8 * 192, false);
      return step(backend, model(width), shape);
    }
  },
  /// Samples drawn at the same time.
  SLOTS("sampling from S, 32 tokens after a prompt of 64, slots", 1, 256) {
    @Override
    Runnable work(CpuBackend backend, int slots) {
      LlamaConfig config = model(WIDTH_OF_S);
      SamplingSettings settings = new SamplingSettings(0.8, 0, 1, 32, List.of());
      List<int[]> prompts = List.of(TrainingWork.tokens(config, 64, 5));
      SamplingWork work =
          new SamplingWork(
              backend, TrainingWork.randomModel(backend, config), prompts, slots, settings);
      work.verify();
      return work::run;
    }
  },
  /// A step of one pair.
  CONTEXT(
      "training step of S with one pair, tokens of its prompt and one response, half each",
      64,
      4096) {
    @Override
    Runnable work(CpuBackend backend, int tokens) {
      StepShape shape = new StepShape(1, tokens / 2, tokens / 2, 2 * tokens, false);
      return step(backend, model(WIDTH_OF_S), shape);
    }
  };

  private static final int WIDTH_OF_S = 128;
  private static final int HEAD_DIM = 32;

  private final String what;
  private final int least;
  private final int most;

  Curve(String what, int least, int most) {
    this.what = what;
    this.least = least;
    this.most = most;
  }

  /// Checks the work of one size and returns it, to be timed.
  abstract Runnable work(CpuBackend backend, int size);

  /// The work, and the size that grows.
  String what() {
    return what;
  }

  /// Sizes, each twice the one before.
  List<Integer> sizes() {
    return IntStream.iterate(least, size -> size <= most, size -> 2 * size).boxed().toList();
  }

  private static Runnable step(CpuBackend backend, LlamaConfig config, StepShape shape) {
    TrainingWork work = new TrainingWork(backend, config, shape);
    work.verify();
    return work::step;
  }

  /// A model of the proportions of S.
  private static LlamaConfig model(int width) {
    int ffnDim = (width * 8 / 3 + HEAD_DIM - 1) / HEAD_DIM * HEAD_DIM;
    return ModelSize.config(512, width, ffnDim, 4, width / HEAD_DIM, 4096);
  }

  /// As the user writes it.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
