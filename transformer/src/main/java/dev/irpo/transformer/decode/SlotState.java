package dev.irpo.transformer.decode;

import dev.irpo.transformer.CounterRandom;
import java.util.Arrays;

/// A response in progress.
final class SlotState {
  final int[] ids;
  final float[] tokenLogProbs;
  PromptState prompt;
  int sample;
  int length;
  int limit;
  int drawIndex;

  private long key;
  private StopCondition stopCondition;

  SlotState(int maxNewTokens) {
    ids = new int[maxNewTokens];
    tokenLogProbs = new float[maxNewTokens];
  }

  boolean isBusy() {
    return prompt != null;
  }

  /// Begins the next sample of a prompt.
  ///
  /// @param limit most tokens of the response
  void begin(PromptState state, Sampling sampling, int limit) {
    this.limit = limit;
    prompt = state;
    sample = state.started++;
    length = 0;
    stopCondition = sampling.stopConditions().apply(state.request.prompt());
    key = state.key(sampling, sample);
  }

  /// The random number for the next token.
  double uniform() {
    return CounterRandom.uniform(key, length);
  }

  /// Appends a token; returns whether the response is complete, in which case the slot is free and
  /// its prompt has the sample.
  boolean append(int token, float tokenLogProb, SamplingSettings settings) {
    ids[length] = token;
    tokenLogProbs[length] = tokenLogProb;
    length++;
    boolean stops = settings.stopsAt(token) || stopCondition.stops(ids, length);
    if (!stops && length < limit) {
      return false;
    }
    prompt.samples[sample] =
        new Sample(
            prompt.request.firstSample() + sample,
            Arrays.copyOf(ids, length),
            Arrays.copyOf(tokenLogProbs, length),
            stops ? Sample.Finish.STOP : Sample.Finish.LENGTH);
    prompt.finished++;
    prompt = null;
    return true;
  }
}
