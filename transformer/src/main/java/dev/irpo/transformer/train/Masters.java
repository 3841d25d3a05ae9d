package dev.irpo.transformer.train;

import dev.irpo.distributed.Group;
import dev.irpo.tensor.Buffer;
import dev.irpo.transformer.parallel.TensorParallel;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// The single-precision parameters that a process updates, where programs of all processes read
/// them rounded to a type of 16 bits (Micikevicius et al. 2018, arXiv:1710.03740, section 3.1).
///
/// ```text
/// masters ← AdamW(masters, gradient)      parameters = round(masters)
/// ```
final class Masters {
  private final ShardedLayout layout;
  private final Group group;
  private final TensorParallel parallel;
  private final Rounding rounding;
  private final Buffer values;
  private boolean areSet;

  /// @param values what this process updates, end to end
  Masters(
      ShardedLayout layout,
      Group group,
      TensorParallel parallel,
      Rounding rounding,
      Buffer values) {
    this.layout = layout;
    this.group = group;
    this.parallel = parallel;
    this.rounding = rounding;
    this.values = values;
  }

  /// In the order of [ShardedLayout#owned()].
  Buffer values() {
    return values;
  }

  /// Whether a training has them.
  boolean areSet() {
    return areSet;
  }

  /// A training begins with what they are now. All processes take part.
  ///
  /// @throws IllegalArgumentException in all processes if the type does not have a number of theirs
  void begin() {
    require(rounding::requireExact);
    areSet = true;
  }

  /// A training resumes with them.
  void resume() {
    values.markChanged();
    areSet = true;
  }

  /// Another training begins later.
  void forget() {
    areSet = false;
  }

  /// After an update. All processes take part.
  ///
  /// @throws IllegalArgumentException in all processes if one of them becomes infinite
  void requireInRange() {
    require(rounding::requireInRange);
  }

  private interface Requirement {
    void of(String tensor, MemorySegment elements);
  }

  private void require(Requirement requirement) {
    String fault = "";
    try {
      for (ShardedLayout.Owned owned : layout.ownedSlices()) {
        requirement.of(
            owned.slice().name(), values.slice(owned.offset(), owned.length()).segment());
      }
    } catch (IllegalArgumentException e) {
      fault = e.getMessage();
    }
    fault = firstOf(fault, group);
    fault = firstOf(fault, parallel.group());
    if (!fault.isEmpty()) {
      throw new IllegalArgumentException(fault);
    }
  }

  private static String firstOf(String own, Group group) {
    for (byte[] found : group.allGatherBytes(own.getBytes(StandardCharsets.UTF_8))) {
      if (found.length > 0) {
        return new String(found, StandardCharsets.UTF_8);
      }
    }
    return "";
  }
}
