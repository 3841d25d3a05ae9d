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

/// Memory of the host that a process needs once it has come to the last of some stages; a process
/// gives nothing back.
///
/// @param bytes by purpose, all of them at the same time
/// @param waysOut settings that would lower them, what helps most first
public record MemoryNeed(SequencedMap<Purpose, Long> bytes, List<String> waysOut) {
  /// What the Java virtual machine takes itself: classes, compiled code, threads, the heap's young
  /// generation of 64 MiB (`jvm.flags`) and the scratch of kernels. Measured, see `docs/plan.md`.
  static final long JAVA_BYTES = 190_000_000;

  private static final List<Purpose> ALWAYS =
      List.of(Purpose.WEIGHTS, Purpose.GRADIENTS, Purpose.OPTIMIZER);

  /// Adds up the stages of a run.
  ///
  /// @param backend says what it keeps for itself
  public static MemoryNeed of(
      RunConfig config, RunPrograms programs, List<Cost> costs, Backend backend) {
    return of(costs, backend, waysOut(config, programs.largestItem()));
  }

  /// Adds up.
  ///
  /// @param ways settings that would lower what a purpose takes
  static MemoryNeed of(
      List<Cost> costs, Backend backend, SequencedMap<Purpose, List<String>> ways) {
    SequencedMap<Purpose, Long> bytes = new LinkedHashMap<>();
    List<Compilation> compiled = new ArrayList<>();
    for (Cost cost : costs) {
      cost.memory().forEach((purpose, need) -> bytes.merge(purpose, need, Math::max));
      compiled.addAll(cost.programs());
    }
    if (!backend.traits().runsOnHost()) {
      bytes.keySet().removeAll(Purpose.OF_PROGRAMS);
    }
    long extra = backend.extraBytes(compiled);
    if (extra > 0) {
      bytes.put(Purpose.COPIES, extra);
    }
    bytes.put(Purpose.JAVA, JAVA_BYTES);
    List<String> waysOut = new ArrayList<>();
    ways.forEach((purpose, settings) -> {
      if (bytes.containsKey(purpose)) {
        waysOut.addAll(settings);
      }
    });
    return new MemoryNeed(bytes, waysOut);
  }

  /// Settings that would lower what a purpose takes.
  ///
  /// @param largestItem tokens that a micro-batch must hold
  static SequencedMap<Purpose, List<String>> waysOut(RunConfig config, int largestItem) {
    List<String> training = new ArrayList<>();
    if (!config.train().recompute()) {
      training.add("train.recompute=true");
    }
    if (config.train().tokenBudget() > largestItem) {
      training.add("a smaller train.tokenBudget");
    }
    SequencedMap<Purpose, List<String>> ways = new LinkedHashMap<>();
    ways.put(Purpose.ACTIVATIONS, training);
    boolean hasSlots = config.rollouts().slots() > 1;
    ways.put(Purpose.CACHE, hasSlots ? List.of("fewer rollouts.slots") : List.of());
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
    long always = ALWAYS.stream().mapToLong(this::bytesFor).sum();
    if (always >= availableBytes) {
      String parts =
          ALWAYS.stream()
              .filter(bytes::containsKey)
              .map(Purpose::toString)
              .collect(Collectors.joining(", "))
              .replaceFirst(", (?!.*, )", " and ");
      return "a smaller model, or a machine with more than the %s of %s"
          .formatted(Units.bytes(always), parts);
    }
    List<String> ways = new ArrayList<>(waysOut);
    ways.add("a machine with more memory");
    return String.join(", or ", ways);
  }

  private long bytesFor(Purpose purpose) {
    return bytes.getOrDefault(purpose, 0L);
  }

  /// Processes with as much memory each that would do: so many models as must share the optimizer's
  /// state.
  ///
  /// @param processes that this plan is for
  /// @param ofModel of them that hold a model together, a divisor
  public OptionalLong enoughProcesses(int processes, int ofModel, long availableBytes) {
    long shared = bytesFor(Purpose.OPTIMIZER);
    long room = availableBytes - (totalBytes() - shared);
    return room <= 0
        ? OptionalLong.empty()
        : OptionalLong.of(ofModel * Math.ceilDiv(shared * (processes / ofModel), room));
  }
}
