package dev.irpo.testdata.disk;

import java.util.ArrayList;
import java.util.List;

/// All changes, in their order.
public final class Recording implements Watcher {
  private final List<Change> changes = new ArrayList<>();

  @Override
  public Change before(Change change) {
    changes.add(change);
    return change;
  }

  /// What has changed so far.
  public List<Change> changes() {
    return List.copyOf(changes);
  }
}
