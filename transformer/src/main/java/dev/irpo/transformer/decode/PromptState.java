package dev.irpo.transformer.decode;

/// A prompt in the cache: how far it is read in, and which of its samples are where.
final class PromptState {
  final GenerationRequest request;
  final int region;
  final Sample[] samples;

  /// Those of the prompt's last token, one row, once it is read in.
  final TokenScores scores;

  int prefilled;
  int started;
  int finished;

  /// Index of the last token's logits in the current run, or −1.
  int logitIndex = -1;

  PromptState(GenerationRequest request, int region, TokenScores scores) {
    this.request = request;
    this.region = region;
    this.scores = scores;
    samples = new Sample[request.count()];
  }

  boolean isReady() {
    return prefilled == request.prompt().length && logitIndex < 0;
  }

  int unstarted() {
    return request.count() - started;
  }

  boolean isFinished() {
    return finished == request.count();
  }
}
