package dev.irpo.config;

import dev.irpo.setting.Setting;

/// What computes.
public record ComputeSettings(
    @Setting(
            value = "0",
            range = "[0, 1024]",
            doc = "threads; 0: one per core. No result depends on it")
        int threads,
    @Setting(
            value = "cpu",
            pattern = ComputeSettings.BACKEND_PATTERN,
            form = ComputeSettings.BACKEND_FORM,
            doc = "backend; reference is slow and exact, tornado is a device")
        String backend,
    @Setting(
            value = "auto",
            pattern = "auto|plain|groups|cublas|tf32|sgemm",
            form = "auto, plain, groups, cublas, tf32 or sgemm",
            doc =
                "how a device computes products, norms and attention; auto: cublas where there is"
                    + " CUDA, else groups of threads on GPUs, plain on CPUs. tf32: cublas, factors"
                    + " rounded to 10 bits. sgemm: cuBLAS through TornadoVM, which copies weights")
        String deviceKernels,
    @Setting(
            value = "auto",
            pattern = "auto|float32|bfloat16",
            form = "auto, float32 or bfloat16",
            doc =
                "weights that a device samples with; auto: bfloat16 on GPUs, float32 on CPUs. With"
                    + " bfloat16 the reference's log-probabilities are computed again in float32")
        String samplingWeights,
    @Setting(
            value = "auto",
            pattern = "auto|on|off",
            form = "auto, on or off",
            doc =
                "whether the driver of a device starts the kernels of a layer together (CUDA"
                    + " graphs); auto: with CUDA. No result depends on it")
        String deviceGraphs,
    @Setting(
            value = "1",
            range = "[1, 1024]",
            doc =
                "processes that hold a model together, each a slice of every layer (tensor"
                    + " parallelism); the others hold more such models. Their number must be a"
                    + " multiple")
        int tensorParallel) {
  /// What a backend's name looks like.
  public static final String BACKEND_PATTERN = "cpu|reference|tornado(:\\d+:\\d+)?";

  /// The same in words.
  public static final String BACKEND_FORM = "cpu, reference, tornado or tornado:DRIVER:DEVICE";
}
