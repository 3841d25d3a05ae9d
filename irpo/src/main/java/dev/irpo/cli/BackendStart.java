package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import dev.irpo.model.Backends;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.device.DeviceProvider;

/// Starts backends, says which device was taken, and shows how far compilation for it is.
final class BackendStart implements DeviceProvider.Listener {
  private final Progress progress = new Bars();
  private Progress.Bar bar;

  private BackendStart() {}

  /// Starts a backend; the caller closes it.
  static Backend of(ComputeSettings settings) {
    Backend backend = Backends.start(settings, new BackendStart());
    if (Backends.isDevice(settings.backend())) {
      System.getLogger(BackendStart.class.getName())
          .log(
              System.Logger.Level.INFO,
              "%s, samples with %s weights"
                  .formatted(
                      Backends.describe(settings, backend),
                      backend.traits().roundsWeights() ? "bfloat16" : "float32"));
    }
    return backend;
  }

  @Override
  public void compiled(int done, int total) {
    if (bar == null) {
      bar = progress.begin("compile for the device", total);
    }
    bar.at(done, "");
    if (done == total) {
      bar.close();
      bar = null;
    }
  }
}
