package dev.irpo.model;

import dev.irpo.config.ComputeSettings;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.device.DeviceGraphs;
import dev.irpo.tensor.device.DeviceKernels;
import dev.irpo.tensor.device.DeviceProvider;
import dev.irpo.tensor.device.SamplingWeights;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.List;
import java.util.Locale;

/// The backends that configuration can name.
public final class Backends {
  private static final String TORNADO = "tornado";

  private Backends() {}

  /// Starts a backend; the caller closes it.
  ///
  /// @param listener watches a device
  /// @throws IllegalArgumentException if there is no such device, saying what is missing
  public static Backend start(ComputeSettings settings, DeviceProvider.Listener listener) {
    return switch (settings.backend()) {
      case "cpu" ->
          new CpuBackend(
              settings.threads() > 0
                  ? settings.threads()
                  : Runtime.getRuntime().availableProcessors());
      case "reference" -> ReferenceBackend.inSinglePrecision();
      default -> devices().start(device(settings.backend()), options(settings), listener);
    };
  }

  /// A backend to ask what it would take; a device is not started and takes nothing of the host's
  /// memory for itself. The caller closes it.
  public static Backend forPlanning(ComputeSettings settings) {
    return isDevice(settings.backend())
        ? new OutlineBackend(BackendTraits.DEVICE)
        : start(settings, (_, _) -> {});
  }

  /// Whether it may sample with rounded weights, as far as that is known before a device is
  /// started.
  public static boolean mayRoundWeights(ComputeSettings settings) {
    return isDevice(settings.backend())
        && options(settings).samplingWeights() != SamplingWeights.FLOAT32;
  }

  private static DeviceProvider.Options options(ComputeSettings settings) {
    return new DeviceProvider.Options(
        DeviceKernels.valueOf(settings.deviceKernels().toUpperCase(Locale.ROOT)),
        SamplingWeights.valueOf(settings.samplingWeights().toUpperCase(Locale.ROOT)),
        DeviceGraphs.valueOf(settings.deviceGraphs().toUpperCase(Locale.ROOT)));
  }

  /// Whether that is a backend on a device.
  public static boolean isDevice(String backend) {
    return backend.startsWith(TORNADO);
  }

  /// The device that a backend's name means.
  ///
  /// @throws IllegalArgumentException as [#start]
  public static DeviceProvider.Device device(String backend) {
    List<DeviceProvider.Device> devices = devices().devices();
    String place = backend.equals(TORNADO) ? "" : backend.substring(TORNADO.length() + 1);
    return devices.stream()
        .filter(candidate -> place.isEmpty() || candidate.place().equals(place))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "--backend %s: there is no such device; there are %s, see 'irpo devices'"
                    .formatted(
                        backend, devices.stream().map(DeviceProvider.Device::place).toList())));
  }

  /// A device in one line.
  public static String describe(DeviceProvider.Device device) {
    return String.format(
        Locale.ROOT,
        "%s:%s %s, %s, %.1f GB",
        TORNADO,
        device.place(),
        device.name(),
        device.api(),
        device.memoryBytes() / (double) (1L << 30));
  }

  /// A backend that was started with these settings in one line: its name, of a device what
  /// [#describe(DeviceProvider.Device)] says.
  public static String describe(ComputeSettings settings, Backend backend) {
    return isDevice(settings.backend()) ? describe(device(settings.backend())) : backend.name();
  }

  /// TornadoVM's devices.
  ///
  /// @throws IllegalArgumentException if the program was built without them or the SDK is missing
  public static DeviceProvider devices() {
    return DeviceProvider.find(TORNADO)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "--backend tornado: this irpo.jar was built without the TornadoVM backend; set"
                    + " TORNADOVM_HOME to a TornadoVM SDK and build it again"));
  }
}
