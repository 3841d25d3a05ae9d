package dev.irpo.cli;

import dev.irpo.plan.Machine;
import dev.irpo.plan.Units;
import dev.irpo.plan.WorkPlan;

/// Bytes by purpose beside what the machine has.
final class MemoryTable {
  private MemoryTable() {}

  static String of(WorkPlan plan) {
    Table table = new Table();
    plan.bytes().forEach((purpose, bytes) -> table.row("  " + purpose, Units.bytes(bytes)));
    table.row("  together", Units.bytes(plan.totalBytes()));
    table.row("  this machine", Units.bytes(Machine.memoryBytes()));
    return table.toString();
  }
}
