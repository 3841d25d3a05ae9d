package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Compilation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// Memory of one process once it has come to the last of some stages; a process gives nothing back.
///
/// @param bytes by purpose, all of them at the same time
/// @param waysOut settings that would lower them
public record MemoryNeed(SequencedMap<String, Long> bytes, List<String> waysOut) {
  /// What the Java virtual machine takes itself: classes, compiled code, threads, the heap's young
  /// generation of 64 MiB (`jvm.flags`) and the scratch of kernels. Measured, see `docs/plan.md`.
  static final long JAVA_BYTES = 190_000_000;

  private static final String JAVA = "Java";
  private static final String GRADIENTS = "gradients";
  private static final String OPTIMIZER = "optimizer";
  private static final List<String> ALWAYS = List.of("weights", GRADIENTS, OPTIMIZER);

  /// Adds up stages.
  ///
  /// @param backend says what it keeps for itself
  public static MemoryNeed of(
      RunConfig config, RunPrograms programs, List<Cost> costs, Backend backend) {
    SequencedMap<String, Long> bytes = new LinkedHashMap<>();
    List<Compilation> compiled = new ArrayList<>();
    for (Cost cost : costs) {
      cost.memory().forEach((purpose, need) -> bytes.merge(purpose, need, Math::max));
      compiled.addAll(cost.programs());
    }
    long extra = backend.extraBytes(compiled);
    if (extra > 0) {
      bytes.put("copies of weights", extra);
    }
    bytes.put(JAVA, JAVA_BYTES);
    return new MemoryNeed(bytes, waysOut(config, programs, bytes));
  }

  private static List<String> waysOut(
      RunConfig config, RunPrograms programs, SequencedMap<String, Long> bytes) {
    List<String> ways = new ArrayList<>();
    if (bytes.containsKey("activations")) {
      if (!config.train().recompute()) {
        ways.add("train.recompute=true");
      }
      if (config.train().tokenBudget() > programs.longest().pair()) {
        ways.add("a smaller train.tokenBudget");
      }
    }
    if (bytes.containsKey("key-value cache") && config.rollouts().slots() > 1) {
      ways.add("fewer rollouts.slots");
    }
    return ways;
  }

  /// Bytes that a process needs at least.
  public long totalBytes() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Refuses what cannot fit.
  ///
  /// @throws IllegalArgumentException naming the need by purpose, what there is and the way out
  public void requireFits(long availableBytes) {
    if (totalBytes() <= availableBytes) {
      return;
    }
    String parts =
        bytes.entrySet().stream()
            .map(part -> part.getKey() + " " + Units.bytes(part.getValue()))
            .collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        "memory: needs %s (%s), there are %s; use %s"
            .formatted(
                Units.bytes(totalBytes()),
                parts,
                Units.bytes(availableBytes),
                wayOut(availableBytes)));
  }

  /// What helps where not all fits: no setting does where weights, gradients and optimizer are too
  /// much already.
  public String wayOut(long availableBytes) {
    long always = ALWAYS.stream().mapToLong(purpose -> bytes.getOrDefault(purpose, 0L)).sum();
    if (always >= availableBytes) {
      return "a smaller model, or a machine with more than the %s of weights, gradients and optimizer"
          .formatted(Units.bytes(always));
    }
    List<String> ways = new ArrayList<>(waysOut);
    ways.add("a machine with more memory");
    return String.join(", or ", ways);
  }

  /// Processes with as much memory each that would do, sharing gradients and optimizer state.
  ///
  /// @param processes that this plan is for
  public OptionalLong enoughProcesses(int processes, long availableBytes) {
    long shared = bytes.getOrDefault(GRADIENTS, 0L) + bytes.getOrDefault(OPTIMIZER, 0L);
    long room = availableBytes - (totalBytes() - shared);
    return room <= 0
        ? OptionalLong.empty()
        : OptionalLong.of(Math.ceilDiv(shared * processes, room));
  }
}
