package dev.irpo.transformer.decode;

import dev.irpo.transformer.CounterRandom;

/// A prompt in the cache: how far it is read in, and which of its samples are where.
///
/// The first tokens of its samples are drawn in the run that reads its last token, for as many as
/// that run can; a run that draws those of others reads the last token again.
final class PromptState {
  final GenerationRequest request;
  final int region;
  final Sample[] samples;

  int prefilled;
  int started;
  int finished;

  private final int[] firstTokens;
  private final float[] firstLogProbs;

  /// Samples whose first token is drawn.
  private int drawn;

  /// Index of the first of their draws in the current run, and how many there are.
  private int drawIndex;

  private int numDraws;

  PromptState(GenerationRequest request, int region) {
    this.request = request;
    this.region = region;
    samples = new Sample[request.count()];
    firstTokens = new int[request.count()];
    firstLogProbs = new float[request.count()];
  }

  /// Key of the random numbers of a sample.
  long key(Sampling sampling, int sample) {
    long key = CounterRandom.key(sampling.seed(), sampling.iteration());
    key = CounterRandom.key(key, request.problem());
    return CounterRandom.key(key, (long) request.firstSample() + sample);
  }

  /// Whether the first token of the sample that starts next is there.
  boolean isReady() {
    return started < drawn;
  }

  /// Plans the first tokens of the next samples.
  ///
  /// @param logits index of those of the last token
  void planDraws(RowPlan plan, int logits, int count, Sampling sampling) {
    for (int i = 0; i < count; i++) {
      double uniform = CounterRandom.uniform(key(sampling, drawn + i), 0);
      int index = plan.draw(logits, uniform);
      drawIndex = i == 0 ? index : drawIndex;
    }
    numDraws = count;
  }

  /// Takes the tokens that were planned.
  ///
  /// @throws dev.irpo.transformer.NotFiniteException if a logit was not finite; its item is the
  ///   problem
  void readDraws(DrawnTokens tokens) {
    for (int i = 0; i < numDraws; i++) {
      firstTokens[drawn] = tokens.token(drawIndex + i);
      firstLogProbs[drawn] = tokens.logProb(drawIndex + i, request.problem());
      drawn++;
    }
    numDraws = 0;
  }

  int firstToken(int sample) {
    return firstTokens[sample];
  }

  float firstLogProb(int sample) {
    return firstLogProbs[sample];
  }

  int undrawn() {
    return request.count() - drawn;
  }

  int unstarted() {
    return request.count() - started;
  }

  boolean isFinished() {
    return finished == request.count();
  }
}
