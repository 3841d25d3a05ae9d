package dev.irpo.check;

import java.io.IOException;
import java.util.Optional;

/// A part of the check.
interface PartCheck {
  /// Why it cannot run on this backend, if it cannot.
  default Optional<String> obstacle() {
    return Optional.empty();
  }

  /// Runs it.
  ///
  /// @throws IOException if a file of the program's own cannot be read
  void run(CheckRows rows) throws IOException;
}
