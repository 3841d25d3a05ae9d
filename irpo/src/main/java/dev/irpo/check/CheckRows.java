package dev.irpo.check;

import dev.irpo.check.CheckRow.Broken;
import dev.irpo.check.CheckRow.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The rows of a part, handed on one by one.
final class CheckRows {
  private final Part part;
  private final Consumer<CheckRow> listener;
  private final List<CheckRow> failed = new ArrayList<>();
  private int count;

  CheckRows(Part part, Consumer<CheckRow> listener) {
    this.part = part;
    this.listener = listener;
  }

  /// Tries something. A device's compiler throws errors as well as exceptions, and neither is a
  /// reason not to try the next.
  Outcome attempt(String name, String sizes, Supplier<Outcome> work) {
    return attempt(name, () -> sizes, work);
  }

  /// The same where the work finds its sizes.
  Outcome attempt(String name, Supplier<String> sizes, Supplier<Outcome> work) {
    Outcome outcome;
    try {
      outcome = work.get();
    } catch (RuntimeException | Error e) {
      outcome = new Broken(describe(e));
    }
    CheckRow row = new CheckRow(part, name, sizes.get(), outcome);
    count++;
    if (outcome.isFailed()) {
      failed.add(row);
    }
    listener.accept(row);
    return outcome;
  }

  private static String describe(Throwable e) {
    String kind = e.getClass().getSimpleName();
    return e.getMessage() == null
        ? kind
        : kind + ": " + e.getMessage().strip().replaceAll("\\s*\\R\\s*", " ");
  }

  int count() {
    return count;
  }

  List<CheckRow> failed() {
    return List.copyOf(failed);
  }
}
