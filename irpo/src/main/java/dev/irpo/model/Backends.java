package dev.irpo.model;

import dev.irpo.config.ComputeSettings;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;

/// The backends that configuration can name.
public final class Backends {
  private Backends() {}

  /// Starts a backend; the caller closes it.
  public static Backend start(ComputeSettings settings) {
    return switch (settings.backend()) {
      case CPU ->
          new CpuBackend(
              settings.threads() > 0
                  ? settings.threads()
                  : Runtime.getRuntime().availableProcessors());
      case REFERENCE -> ReferenceBackend.inSinglePrecision();
    };
  }
}
