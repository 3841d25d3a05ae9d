package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.device.DeviceGraphs;
import dev.irpo.tensor.device.DeviceKernels;
import dev.irpo.tensor.device.SamplingWeights;
import java.util.Locale;
import picocli.CommandLine.Option;

/// Options of every command that computes without a configuration.
final class ComputeOptions {
  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description =
          "what computes: " + ComputeSettings.BACKEND_FORM + "; default: ${DEFAULT-VALUE}")
  private String backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "threads; 0: one per core. No result depends on it")
  private int threads;

  @Option(
      names = "--device-kernels",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "how a device computes, of ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}, what"
              + " suits it")
  private DeviceKernels deviceKernels;

  @Option(
      names = "--sampling-weights",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "weights that a device samples with, of ${COMPLETION-CANDIDATES}; default:"
              + " ${DEFAULT-VALUE}, bfloat16 on GPUs")
  private SamplingWeights samplingWeights;

  @Option(
      names = "--device-graphs",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "whether the driver of a device starts the kernels of a layer together, of"
              + " ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}, with CUDA")
  private DeviceGraphs deviceGraphs;

  /// In one of several processes, which share the cores where the threads are not given.
  Backend start(ModelProcesses processes) {
    return BackendStart.of(settings(processes));
  }

  /// What [#start] starts.
  ///
  /// @throws IllegalArgumentException if an option is out of range or names no backend
  ComputeSettings settings(ModelProcesses processes) {
    if (threads < 0) {
      throw new IllegalArgumentException("--threads is " + threads + ", it must be 0 or above");
    }
    OverrideOptions.requireBackend(backend);
    return processes.compute(
        new ComputeSettings(
            threads,
            backend,
            deviceKernels.name().toLowerCase(Locale.ROOT),
            samplingWeights.name().toLowerCase(Locale.ROOT),
            deviceGraphs.name().toLowerCase(Locale.ROOT),
            1));
  }

  /// Whether products round their factors.
  boolean roundsFactors() {
    return deviceKernels == DeviceKernels.TF32;
  }
}
