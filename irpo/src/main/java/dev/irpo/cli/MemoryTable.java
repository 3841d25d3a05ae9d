package dev.irpo.cli;

import dev.irpo.plan.Machine;
import dev.irpo.plan.MemoryNeed;
import dev.irpo.plan.Units;

/// Bytes by purpose beside what the machine has.
final class MemoryTable {
  private MemoryTable() {}

  static String of(MemoryNeed need) {
    Table table = new Table();
    need.bytes().forEach((purpose, bytes) -> table.row("  " + purpose, Units.bytes(bytes)));
    table.row("  together", Units.bytes(need.totalBytes()));
    table.row("  this machine", Units.bytes(Machine.memoryBytes()));
    return table.toString();
  }
}
