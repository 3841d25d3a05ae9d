package dev.irpo.train;

import dev.irpo.distributed.Group;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Texts that the processes of a group tell each other.
public final class SharedText {
  private SharedText() {}

  /// What each process says, in the order of ranks.
  public static List<String> ofAll(Group group, String own) {
    return group.allGatherBytes(own.getBytes(StandardCharsets.UTF_8)).stream()
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
        .toList();
  }

  /// What the first process says.
  public static String ofFirst(Group group, String own) {
    return ofAll(group, group.isFirst() ? own : "").getFirst();
  }
}
