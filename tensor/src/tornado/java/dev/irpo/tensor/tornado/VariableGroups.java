package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Storage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Gives variables their arrays.
///
/// Weights that stay as a checkpoint has them are storages of their own, hundreds of them, and
/// every task graph names every array. So those that no program changes, and that are only read
/// whole, share arrays: one for a type and section, in which they lie in the order in which its
/// operations name them, each weight at the same place for each layer.
final class VariableGroups {
  /// Elements between places where weights begin: libraries like these aligned.
  private static final int ALIGNMENT = 64;

  private record Key(String section, DType type, boolean keepsRounded) {}

  private VariableGroups() {}

  /// Makes the arrays.
  ///
  /// @param limit most elements of an array, unless a view has more
  static void place(
      List<TornadoProgram> programs, Map<Storage, DeviceVariable> variables, long limit) {
    Set<Storage> changed = Collections.newSetFromMap(new IdentityHashMap<>());
    programs.forEach(program -> changed.addAll(program.changed()));
    Map<Key, List<DeviceVariable>> groups = new LinkedHashMap<>();
    Set<Storage> grouped = Collections.newSetFromMap(new IdentityHashMap<>());
    for (TornadoProgram program : programs) {
      program
          .variablesBySection()
          .forEach((section, views) -> {
            for (Buffer view : views) {
              Storage storage = view.storage();
              DeviceVariable variable = variables.get(storage);
              if (variable.isReadWhole() && !changed.contains(storage) && grouped.add(storage)) {
                Key key = new Key(section, variable.type(), variable.keepsRounded());
                groups.computeIfAbsent(key, _ -> new ArrayList<>()).add(variable);
              }
            }
          });
    }
    for (DeviceVariable variable : variables.values()) {
      if (!grouped.contains(variable.storage())) {
        variable.cut(limit);
      }
    }
    groups.values().forEach(group -> place(group, limit));
  }

  private static void place(List<DeviceVariable> group, long limit) {
    List<DeviceVariable> together = new ArrayList<>();
    long length = 0;
    for (DeviceVariable variable : group) {
      long own = Math.ceilDiv(variable.numElements(), ALIGNMENT) * ALIGNMENT;
      if (!together.isEmpty() && length + own > limit) {
        placeInOne(together, length);
        together.clear();
        length = 0;
      }
      together.add(variable);
      length += own;
    }
    placeInOne(together, length);
  }

  private static void placeInOne(List<DeviceVariable> together, long length) {
    DeviceVariable first = together.getFirst();
    DeviceVariable.Piece all =
        DeviceVariable.piece(0, Math.toIntExact(length), first.type(), first.keepsRounded());
    long at = 0;
    for (DeviceVariable variable : together) {
      variable.place(all, Math.toIntExact(at));
      at += Math.ceilDiv(variable.numElements(), ALIGNMENT) * ALIGNMENT;
    }
  }
}
