package dev.irpo.check.step;

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
public final class SamplingWork {
  private static final int SCORE_BUDGET = 1024;

  private final Backend backend;
  private final Parameters parameters;
  private final Generator generator;
  private final List<GenerationRequest> requests = new ArrayList<>();
  private final Sampling sampling;
  private final int samples;
  private final int newTokens;

  /// @param samples of each prompt, all at the same time
  public SamplingWork(
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
  public int tokens() {
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
  public List<List<Sample>> run() {
    return run((request, drawn) -> {});
  }

  /// How the log-probabilities that were recorded while sampling lie to the scorer's.
  ///
  /// @param tokens that were compared
  /// @param difference the largest in nats, infinite where one is not finite
  /// @param detail the token that it is at, and both log-probabilities
  public record Agreement(int tokens, double difference, String detail) {
    private static final Agreement NONE = new Agreement(0, 0, "");

    private Agreement with(float drawn, float scored) {
      double found = Math.abs((double) drawn - scored);
      double size = Double.isFinite(found) ? found : Double.POSITIVE_INFINITY;
      if (tokens > 0 && size <= difference) {
        return new Agreement(tokens + 1, difference, detail);
      }
      String pair =
          "token %d was drawn with log-probability %s, the scorer gives %s"
              .formatted(tokens, drawn, scored);
      return new Agreement(tokens + 1, size, pair);
    }
  }

  /// Checks that the scorer gives, to the bit, the log-probabilities that were recorded.
  ///
  /// @throws IllegalStateException if one differs or a response has another length
  public void verify() {
    Agreement alone = scoredAlone(run());
    if (alone.difference() != 0) {
      throw new IllegalStateException(alone.detail());
    }
  }

  /// Compares the first and the last response to each prompt, each scored alone.
  ///
  /// @throws IllegalStateException if a response has another length
  public Agreement scoredAlone(List<List<Sample>> all) {
    Scorer scorer = new Scorer(backend, parameters, SCORE_BUDGET);
    Agreement agreement = Agreement.NONE;
    for (int i = 0; i < requests.size(); i++) {
      for (Sample sample : List.of(all.get(i).getFirst(), all.get(i).getLast())) {
        SequenceScore score = scorer.score(List.of(sequence(i, sample))).getFirst();
        agreement = compare(agreement, sample, score);
      }
    }
    return agreement;
  }

  /// Compares all responses, packed together as they fit.
  ///
  /// @throws IllegalStateException if a response has another length
  public Agreement scoredTogether(List<List<Sample>> all) {
    List<Sequence> sequences = new ArrayList<>();
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      for (Sample sample : all.get(i)) {
        sequences.add(sequence(i, sample));
        samples.add(sample);
      }
    }
    List<SequenceScore> scores = new Scorer(backend, parameters, SCORE_BUDGET).score(sequences);
    Agreement agreement = Agreement.NONE;
    for (int i = 0; i < samples.size(); i++) {
      agreement = compare(agreement, samples.get(i), scores.get(i));
    }
    return agreement;
  }

  private Sequence sequence(int prompt, Sample sample) {
    return new Sequence(requests.get(prompt).prompt(), sample.ids());
  }

  private Agreement compare(Agreement before, Sample sample, SequenceScore score) {
    if (sample.ids().length != newTokens) {
      throw new IllegalStateException(
          "a response has %d tokens, not %d".formatted(sample.ids().length, newTokens));
    }
    Agreement agreement = before;
    for (int i = 0; i < newTokens; i++) {
      agreement = agreement.with(sample.tokenLogProbs()[i], score.tokenLogProbs()[i]);
    }
    return agreement;
  }

  /// Runs all and times the tokens after the prompts' own steps.
  public double secondsOfToken() {
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
