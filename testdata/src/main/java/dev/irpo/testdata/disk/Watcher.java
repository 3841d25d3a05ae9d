package dev.irpo.testdata.disk;

import java.io.IOException;

/// Sees each change before it is made, one after the other.
@FunctionalInterface
public interface Watcher {
  /// Says what is made of a change: the same, or a part of a write.
  ///
  /// @throws IOException if the change fails, with what the code under test gets
  Change before(Change change) throws IOException;
}
