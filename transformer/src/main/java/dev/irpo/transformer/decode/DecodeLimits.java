package dev.irpo.transformer.decode;

import dev.irpo.tensor.kernel.AttentionKernels;

/// How many responses and prompts are in progress at a time, which sets the memory of the cache.
///
/// @param slots responses at a time
/// @param promptsInFlight prompts in the cache at a time
/// @param maxPromptTokens longest prompt
/// @param maxNewTokens longest response
/// @param prefillRows rows of prompts beside the slots' in one run
public record DecodeLimits(
    int slots, int promptsInFlight, int maxPromptTokens, int maxNewTokens, int prefillRows) {
  private static final int PREFILL_ROWS = 64;

  /// Checks that all are positive.
  ///
  /// @throws IllegalArgumentException if one is not, or if they are so many that positions of the
  ///   cache would overflow
  public DecodeLimits {
    if (slots <= 0
        || promptsInFlight <= 0
        || maxPromptTokens <= 0
        || maxNewTokens <= 0
        || prefillRows <= 0) {
      throw new IllegalArgumentException(
          "slots %d, prompts in flight %d, prompt tokens %d, new tokens %d and prefill rows %d must be positive"
              .formatted(slots, promptsInFlight, maxPromptTokens, maxNewTokens, prefillRows));
    }
    long blocks =
        (long) slots * AttentionKernels.cacheBlocks(maxNewTokens)
            + (long) promptsInFlight * AttentionKernels.cacheBlocks(maxPromptTokens);
    if (blocks > Integer.MAX_VALUE / AttentionKernels.CACHE_BLOCK) {
      throw new IllegalArgumentException(
          "slots %d with %d new tokens each and %d prompts of %d tokens are more than a cache of %d tokens; use fewer slots"
              .formatted(slots, maxNewTokens, promptsInFlight, maxPromptTokens, Integer.MAX_VALUE));
    }
  }

  /// Limits for `samplesPerPrompt` samples of each prompt: enough prompts in flight to keep the
  /// slots busy while a few stragglers hold on to theirs.
  public static DecodeLimits of(
      int slots, int samplesPerPrompt, int maxPromptTokens, int maxNewTokens) {
    long prompts = (long) slots + slots / 4 + 2;
    if (samplesPerPrompt > 1) {
      prompts = Math.min(prompts, 2L * (slots / samplesPerPrompt) + 4);
    }
    int most = (int) Math.min(prompts, Integer.MAX_VALUE);
    return new DecodeLimits(slots, most, maxPromptTokens, maxNewTokens, PREFILL_ROWS);
  }

  /// Tokens that one run draws at most: one for each slot, and as many first ones of responses to
  /// prompts that it reads to their end.
  int draws() {
    return 2 * slots;
  }

  /// First block of a slot's own region.
  int slotBlock(int slot) {
    return slot * AttentionKernels.cacheBlocks(maxNewTokens);
  }

  /// First block of a prompt's region.
  int promptBlock(int region) {
    return slots * AttentionKernels.cacheBlocks(maxNewTokens)
        + region * AttentionKernels.cacheBlocks(maxPromptTokens);
  }

  /// One more than the largest position of a token.
  int numPositions() {
    return Math.addExact(maxPromptTokens, maxNewTokens);
  }

  /// Blocks of the whole cache.
  int totalBlocks() {
    return promptBlock(promptsInFlight);
  }
}
