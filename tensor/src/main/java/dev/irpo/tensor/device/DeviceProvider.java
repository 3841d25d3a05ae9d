package dev.irpo.tensor.device;

import dev.irpo.tensor.Backend;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/// Backends that run on devices, found with [java.util.ServiceLoader].
public interface DeviceProvider {
  /// A device that a backend could take.
  ///
  /// @param place `DRIVER:DEVICE`, as the user writes it
  /// @param api how it is driven, for instance `CUDA` or `OpenCL`
  /// @param memoryBytes its whole memory
  record Device(String place, String api, String name, long memoryBytes) {}

  /// How a device computes.
  record Options(DeviceKernels kernels, SamplingWeights samplingWeights, DeviceGraphs graphs) {
    /// What suits the device.
    public static final Options AUTO =
        new Options(DeviceKernels.AUTO, SamplingWeights.AUTO, DeviceGraphs.AUTO);
  }

  /// Watches a device.
  @FunctionalInterface
  interface Listener {
    /// Called after each part of a compilation.
    void compiled(int done, int total);

    /// Whether [#executed] is wanted; it costs time.
    default boolean wantsExecutions() {
      return false;
    }

    /// Called after each part of a run.
    ///
    /// @param bytesIn copied to the device, with what starting kernels takes
    /// @param bytesOut copied to the host
    /// @param allocatedBytes of the device's memory that this part uses
    default void executed(long bytesIn, long bytesOut, long allocatedBytes) {}
  }

  /// The provider of that name, if the program was built with one.
  static Optional<DeviceProvider> find(String name) {
    return ServiceLoader.load(DeviceProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.name().equals(name))
        .findFirst();
  }

  /// First part of what the user writes, for instance `tornado`.
  String name();

  /// All devices, the one that is taken by default first.
  ///
  /// @throws IllegalArgumentException if there is none, saying in one line what is missing and what
  ///   to do
  List<Device> devices();

  /// Why the first device is the default.
  String preference();

  /// Starts a backend.
  ///
  /// @param device one of [#devices()]
  /// @throws IllegalArgumentException if the options of the JVM do not allow it, or the device does
  ///   not have the kernels
  Backend start(Device device, Options options, Listener listener);
}
