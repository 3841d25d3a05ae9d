package dev.irpo.synthetic;

import java.nio.charset.StandardCharsets;

/// Disjoint sets of word problems; which one a problem belongs to is a hash of its key (kind of
/// story and numbers), whatever the seed, the names and the things in it.
///
/// So M_0's corpus, made once with one seed, shares no problem with the splits of any other seed.
public enum Pool {
  /// What M_0 learns from.
  CORPUS(0, 8),
  /// What rollouts are sampled for.
  TRAIN(8, 12),
  /// What checkpoints are chosen on.
  HELD_OUT(12, 14),
  /// What is reported.
  TEST(14, 16);

  private static final int NUM_BUCKETS = 16;
  private final int firstBucket;
  private final int endBucket;

  Pool(int firstBucket, int endBucket) {
    this.firstBucket = firstBucket;
    this.endBucket = endBucket;
  }

  /// A number of this pool's own, as a part of keys of [Draws].
  long drawKey() {
    return firstBucket;
  }

  boolean holds(String key) {
    int bucket = bucketOf(key);
    return firstBucket <= bucket && bucket < endBucket;
  }

  private static int bucketOf(String key) {
    long hash = 0xCBF29CE484222325L; // FNV-1a, then mixed: its low bits alone are weak
    for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return (int) Long.remainderUnsigned(Draws.mix(hash), NUM_BUCKETS);
  }
}
