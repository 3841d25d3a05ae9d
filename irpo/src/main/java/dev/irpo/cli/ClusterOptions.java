package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.config.TrainSettings;
import dev.irpo.config.TrainSettings.ParameterType;
import dev.irpo.plan.Machine;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.cluster.Cluster;
import dev.irpo.plan.cluster.Network;
import dev.irpo.plan.cluster.Overlap;
import dev.irpo.plan.cluster.Precision;
import dev.irpo.plan.cluster.Processor;
import dev.irpo.plan.cluster.Route;
import dev.irpo.plan.cluster.Simulation;
import dev.irpo.plan.cluster.Strategy;
import dev.irpo.transformer.LlamaConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/// The cluster that a run is planned for.
final class ClusterOptions {
  private static final double GIGA = 1e9;
  private static final double UTILISATION_OF_GPUS = 0.6;
  private static final Pattern RATE =
      Pattern.compile("(\\d{1,7}(?:\\.\\d{1,6})?)(?::(\\d{1,7}(?:\\.\\d{1,6})?))?");
  private static final String NETWORK_FORM =
      "NAME, or Gbit/s of a processor's link, as 400, or with µs of latency 400:2.7";

  @Option(
      names = "--gpus",
      paramLabel = "N",
      description = "simulate a run on so many GPUs, a process each; see docs/scale.md")
  private Integer gpus;

  @Option(
      names = "--machine",
      paramLabel = "NAME",
      defaultValue = "h100",
      description = "kind of the GPUs: h100, h200, a100; default: ${DEFAULT-VALUE}")
  private String machine;

  @Option(
      names = "--gpus-per-host",
      paramLabel = "N",
      defaultValue = "8",
      description = "default: ${DEFAULT-VALUE}")
  private int perHost;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      description = {
        "between hosts: ib400, ib200, eth100, eth25, …, or Gbit/s of a link, with latency in µs:"
            + " 400:2.7; default: ib400.",
        "Beside --processes: simulate processes on this machine that it connects"
      })
  private String network;

  @Option(
      names = "--inside",
      paramLabel = "NAME",
      description = "the same within a host; default: the machine's NVLink")
  private String inside;

  @Option(
      names = "--gpu-memory",
      paramLabel = "GB",
      description = "of each GPU; default: the machine's")
  private Double gpuMemory;

  @Option(
      names = "--strategy",
      paramLabel = "NAME",
      split = ",",
      description = Strategy.FORM + ", several with commas; default: the usual ones")
  private List<String> strategies = new ArrayList<>();

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description = "of weights and gradients: bf16 or f32; default: bf16 on GPUs, else f32")
  private String precision;

  @Option(
      names = "--utilisation",
      paramLabel = "X",
      description =
          "share of the rates of arithmetic and memory that kernels reach; default: 0.6 on GPUs,"
              + " else measured with a training step")
  private Double utilisation;

  @Option(
      names = "--storage",
      paramLabel = "GB/S",
      defaultValue = "2",
      description = "at which a host writes checkpoints; default: ${DEFAULT-VALUE}")
  private double storage;

  @Option(
      names = "--no-overlap",
      description = "simulate that nothing is sent while a step computes")
  private boolean withoutOverlap;

  /// Whether a cluster is planned for.
  boolean isAsked() {
    return gpus != null || network != null;
  }

  /// Whether it is one of GPUs.
  boolean hasGpus() {
    return gpus != null;
  }

  /// The cluster.
  ///
  /// @param processes that run on this machine, if there are no GPUs
  /// @param rates of a processor, if they are known better than by its name
  Cluster cluster(int processes, Optional<Roofline.Device> rates) {
    PlanCommand.requireAtLeastOne("--gpus-per-host", perHost);
    if (!hasGpus()) {
      return ofProcesses(processes, rates.orElseThrow());
    }
    PlanCommand.requireAtLeastOne("--gpus", gpus);
    Processor processor =
        Processor.find(machine)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "--machine %s: the known names are %s; take the nearest and give its numbers by --gflops, --gbytes and --gpu-memory"
                        .formatted(machine, Processor.names())));
    if (rates.isPresent()) {
      processor = processor.withRates(rates.get().flopsPerSecond(), rates.get().bytesPerSecond());
    }
    if (gpuMemory != null) {
      requireAbove("--gpu-memory", gpuMemory);
      processor = processor.withMemory(Math.round(gpuMemory * GIGA));
    }
    return new Cluster(
        processor,
        gpus,
        perHost,
        network("--inside", inside == null ? processor.inside() : inside),
        network("--network", network == null ? "ib400" : network),
        Route.RING);
  }

  private Cluster ofProcesses(int processes, Roofline.Device rates) {
    Processor processor =
        new Processor(
            "processes of this machine",
            Processor.Kind.PROCESS,
            rates.flopsPerSecond(),
            rates.flopsPerSecond(),
            rates.bytesPerSecond(),
            Machine.memoryBytes() / processes,
            network,
            "measured here or as given");
    Network between = network("--network", network);
    return new Cluster(processor, processes, processes, between, between, Route.DIRECT);
  }

  private static Network network(String option, String text) {
    Optional<Network> known = Network.find(text);
    if (known.isPresent()) {
      return known.get();
    }
    Matcher rate = RATE.matcher(text);
    if (!rate.matches()) {
      throw new IllegalArgumentException(
          "%s %s: give a %s; the names are %s"
              .formatted(option, text, NETWORK_FORM, Network.names()));
    }
    double gbits = Double.parseDouble(rate.group(1));
    requireAbove(option, gbits);
    double micros = rate.group(2) == null ? 0 : Double.parseDouble(rate.group(2));
    return Network.given(gbits, micros / 1e6);
  }

  /// The strategies to compare.
  ///
  /// @param config what processes as they are built run with
  List<Strategy> strategies(Cluster cluster, LlamaConfig model, RunConfig config) {
    Precision elements = precision(config.train());
    Overlap usual = hasGpus() ? Overlap.LAYERS : Overlap.AS_BUILT;
    Overlap overlap = withoutOverlap ? Overlap.NONE : usual;
    List<String> names = strategies.isEmpty() ? usual(cluster, model, config) : strategies;
    return names.stream()
        .map(name ->
            Strategy.find(name, elements, overlap)
                .orElseThrow(() ->
                    new IllegalArgumentException(
                        "--strategy %s: give %s".formatted(name, Strategy.FORM))))
        .toList();
  }

  private List<String> usual(Cluster cluster, LlamaConfig model, RunConfig config) {
    int asBuilt = config.compute().tensorParallel();
    if (!hasGpus() && asBuilt > 1) {
      return List.of("tp%d+zero1".formatted(asBuilt), "tp%d+zero2".formatted(asBuilt));
    }
    List<String> names = new ArrayList<>(List.of("zero1", "zero2"));
    if (hasGpus()) {
      names.add("zero3");
      int ranks = Simulation.mostTensorRanks(cluster, model);
      if (ranks > 1) {
        names.add("tp%d+zero1".formatted(ranks));
      }
    }
    return names;
  }

  private Precision precision(TrainSettings train) {
    if (precision == null && hasGpus()) {
      return Precision.BF16;
    }
    if (precision == null) {
      return switch (train.precision()) {
        case BF16 -> Precision.HALF;
        case F32 -> train.roundedTo() == ParameterType.F32 ? Precision.F32 : Precision.ROUNDED;
      };
    }
    return switch (precision) {
      case "f32" -> Precision.F32;
      case "bf16" -> Precision.BF16;
      default ->
          throw new IllegalArgumentException(
              "--precision %s: give f32 or bf16".formatted(precision));
    };
  }

  /// What no data sheet says.
  ///
  /// @param measured measures the share of their rates that processes of this machine reach
  Simulation.Assumptions assumptions(DoubleSupplier measured) {
    requireAbove("--storage", storage);
    if (utilisation != null) {
      requireAbove("--utilisation", utilisation);
    }
    boolean isMeasured = utilisation == null && !hasGpus();
    double usual = isMeasured ? measured.getAsDouble() : UTILISATION_OF_GPUS;
    double share = utilisation == null ? usual : utilisation;
    return new Simulation.Assumptions(share, isMeasured, storage * GIGA);
  }

  private static void requireAbove(String option, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("%s is %s, it must be above 0".formatted(option, value));
    }
  }
}
