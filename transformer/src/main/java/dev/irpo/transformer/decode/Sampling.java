package dev.irpo.transformer.decode;

import java.util.List;
import java.util.function.Function;

/// How a generation samples, and what its random numbers are keyed by.
///
/// @param settings how tokens are drawn
/// @param seed of the run
/// @param iteration of the run, so that each iteration draws other samples
/// @param stopConditions makes the condition of each sample from the ids of its prompt
public record Sampling(
    SamplingSettings settings,
    long seed,
    int iteration,
    Function<int[], StopCondition> stopConditions) {
  /// Receives what a generation makes.
  public interface Listener {
    /// All samples of a request, by number; requests come in their order.
    void finished(GenerationRequest request, List<Sample> samples);

    /// Called after each run of the program.
    ///
    /// @param samples finished so far
    /// @param tokens drawn so far
    default void progress(long samples, long tokens) {}
  }

  /// With the stop tokens as the only condition.
  public static Sampling of(SamplingSettings settings, long seed, int iteration) {
    return new Sampling(settings, seed, iteration, _ -> StopCondition.NEVER);
  }
}
