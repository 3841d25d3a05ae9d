package dev.irpo.benchmarks.steps;

import dev.irpo.tensor.Backend;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import java.util.ArrayList;
import java.util.List;

/// Responses of a fixed length to some prompts; nothing ends one earlier.
final class SamplingWork {
  private static final int SCORE_BUDGET = 1024;

  private final Backend backend;
  private final Parameters parameters;
  private final Generator generator;
  private final List<GenerationRequest> requests = new ArrayList<>();
  private final Sampling sampling;
  private final int samples;
  private final int newTokens;

  /// @param samples of each prompt, all at the same time
  SamplingWork(
      Backend backend,
      Parameters parameters,
      List<int[]> prompts,
      int samples,
      SamplingSettings settings) {
    this.backend = backend;
    this.parameters = parameters;
    this.samples = samples;
    newTokens = settings.maxNewTokens();
    sampling = Sampling.of(settings, 3, 1);
    int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
    int slots = prompts.size() * samples;
    generator =
        new Generator(backend, parameters, DecodeLimits.of(slots, samples, longest, newTokens));
    for (int[] prompt : prompts) {
      requests.add(new GenerationRequest(requests.size(), prompt, 0, samples));
    }
  }

  /// Tokens that a run draws.
  int tokens() {
    return requests.size() * samples * newTokens;
  }

  private List<List<Sample>> run(Sampling.Listener watch) {
    List<List<Sample>> all = new ArrayList<>();
    generator.generate(
        requests.iterator(),
        sampling,
        new Sampling.Listener() {
          @Override
          public void finished(GenerationRequest request, List<Sample> drawn) {
            all.add(drawn);
          }

          @Override
          public void progress(long finished, long tokens) {
            watch.progress(finished, tokens);
          }
        });
    return all;
  }

  /// All responses, by prompt.
  List<List<Sample>> run() {
    return run((request, drawn) -> {});
  }

  /// Checks that the scorer gives, to the bit, the log-probabilities that were recorded.
  ///
  /// @throws IllegalStateException if one differs or a response has another length
  void verify() {
    Scorer scorer = new Scorer(backend, parameters, SCORE_BUDGET);
    List<List<Sample>> all = run();
    for (int i = 0; i < requests.size(); i++) {
      for (Sample sample : List.of(all.get(i).getFirst(), all.get(i).getLast())) {
        Sequence sequence = new Sequence(requests.get(i).prompt(), sample.ids());
        SequenceScore score = scorer.score(List.of(sequence)).getFirst();
        requireEqual(sample, score.tokenLogProbs());
      }
    }
  }

  private void requireEqual(Sample sample, float[] scored) {
    if (sample.ids().length != newTokens) {
      throw new IllegalStateException(
          "a response has %d tokens, not %d".formatted(sample.ids().length, newTokens));
    }
    for (int i = 0; i < newTokens; i++) {
      float drawn = sample.tokenLogProbs()[i];
      if (!(drawn == scored[i]) || !Float.isFinite(drawn)) {
        throw new IllegalStateException(
            "token %d was drawn with log-probability %s, the scorer gives %s"
                .formatted(i, drawn, scored[i]));
      }
    }
  }

  /// Times all of it, prompts included.
  void time(Report report, String what, int repeats) {
    verify();
    Timing time = Timing.of(repeats, (Runnable) this::run);
    report.rate(what, tokens(), "tokens/s", 0, time);
  }

  /// Times the tokens after the prompt's own steps.
  void timeDecoding(Report report, String what, int repeats) {
    verify();
    Timing time = Timing.of(repeats, this::secondsOfToken);
    report.rate(what, 1, "tokens/s", 0, time);
  }

  private double secondsOfToken() {
    Clock clock = new Clock();
    run(clock);
    return clock.secondsOfToken();
  }

  /// Notes when the first step that drew from a response was done, and the last.
  private static final class Clock implements Sampling.Listener {
    private long firstTime;
    private long firstTokens;
    private long lastTime;
    private long lastTokens;

    @Override
    public void finished(GenerationRequest request, List<Sample> drawn) {}

    @Override
    public void progress(long finished, long tokens) {
      lastTime = System.nanoTime();
      lastTokens = tokens;
      if (firstTokens == 0 && tokens > 0) {
        firstTime = lastTime;
        firstTokens = tokens;
      }
    }

    double secondsOfToken() {
      return (lastTime - firstTime) / 1e9 / (lastTokens - firstTokens);
    }
  }
}
