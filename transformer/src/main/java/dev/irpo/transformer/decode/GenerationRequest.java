package dev.irpo.transformer.decode;

/// Samples of one prompt to be drawn.
///
/// @param problem key of the problem; with the sample's number it fixes the random numbers
/// @param prompt token ids, at least one; not copied
/// @param firstSample number of the first sample, 0 unless earlier ones exist already
/// @param count how many samples
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record GenerationRequest(long problem, int[] prompt, int firstSample, int count) {
  /// Checks the counts.
  ///
  /// @throws IllegalArgumentException if the prompt is empty or nothing is asked for
  public GenerationRequest {
    if (prompt.length == 0) {
      throw new IllegalArgumentException(
          "the prompt of problem %d has no tokens; begin it with BOS".formatted(problem));
    }
    if (count <= 0 || firstSample < 0) {
      throw new IllegalArgumentException(
          "problem %d asks for %d samples from number %d; ask for at least one"
              .formatted(problem, count, firstSample));
    }
  }
}
