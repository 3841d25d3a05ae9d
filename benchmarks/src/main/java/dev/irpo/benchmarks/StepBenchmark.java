package dev.irpo.benchmarks;

import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.score.SequenceScore;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Time of what an iteration consists of, on a random model of the demo's sizes, prompts and
/// responses of 40 tokens.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class StepBenchmark {
  /// Threads of the backend; 0: one a core.
  @Param("0")
  public int threads;

  private Backend backend;
  private StepWork work;
  private List<PreferencePair> pairs;

  /// Checks what sampler, scorer and trainer promise to the bit: sampling again, on one thread,
  /// gives the same; the scorer gives the log-probabilities that were recorded while sampling; the
  /// DPO term is ln 2; a training step changes the weights alike on one thread.
  ///
  /// @throws IllegalStateException naming what differs
  @Setup(Level.Trial)
  public void verify() {
    backend = start(threads);
    work = new StepWork(backend);
    List<List<Sample>> samples = work.sample();
    pairs = work.pairs(samples);
    requireScoresAsSampled(samples, work.score(pairs));
    float[] ln2 = new float[pairs.size()];
    Arrays.fill(ln2, (float) Math.log(2));
    Parity.requireEqual("dpo at step 0", ln2, work.evaluate(pairs).metrics().get("dpo"));
    work.trainStep(pairs);
    try (Backend single = start(1)) {
      StepWork other = new StepWork(single);
      List<List<Sample>> again = other.sample();
      for (int i = 0; i < samples.size(); i++) {
        requireSame(samples.get(i), again.get(i));
      }
      other.trainStep(pairs);
      Parity.requireEqual("weights after a step", other.weights(), work.weights());
    }
  }

  private static Backend start(int threads) {
    return new CpuBackend(threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
  }

  private static void requireSame(List<Sample> expected, List<Sample> actual) {
    for (int j = 0; j < expected.size(); j++) {
      Parity.requireEqual(
          "log-probabilities of sample " + j,
          expected.get(j).tokenLogProbs(),
          actual.get(j).tokenLogProbs());
    }
  }

  private static void requireScoresAsSampled(
      List<List<Sample>> samples, List<SequenceScore> scores) {
    for (int i = 0; i < scores.size(); i++) {
      Parity.requireEqual(
          "scores of response " + i,
          samples.get(i / 2).get(i % 2).tokenLogProbs(),
          scores.get(i).tokenLogProbs());
    }
  }

  /// Ends the backend's threads.
  @TearDown(Level.Trial)
  public void close() {
    backend.close();
  }

  /// A training step of 16 pairs: forward, backward, clipping, AdamW.
  @Benchmark
  public double trainStep() {
    return work.trainStep(pairs);
  }

  /// Scoring of 32 responses.
  @Benchmark
  public Object score() {
    return work.score(pairs);
  }

  /// Sampling of 128 responses in 60 slots.
  @Benchmark
  public Object sample() {
    return work.sample();
  }
}
