package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.device.DeviceGraphs;
import dev.irpo.tensor.device.DeviceKernels;
import dev.irpo.tensor.device.DeviceProvider;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import dev.irpo.tensor.tornado.gemm.CublasLibrary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// Finds the devices that the user's TornadoVM has drivers for.
public final class TornadoProvider implements DeviceProvider {
  static final String NAME = "tornado";
  private static final String BAILOUT = "tornado.recover.bailout";

  /// The order in which one GPU is preferred through several drivers.
  private static final List<String> ORDER = List.of("CUDA", "PTX", "METAL", "SPIRV", "OPENCL");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Device> devices() {
    TornadoRuntime runtime = runtime();
    record Found(Device device, int type, int api) {}
    List<Found> found = new ArrayList<>();
    for (int driver = 0; driver < runtime.getNumBackends(); driver++) {
      String api = runtime.getBackendType(driver).name();
      for (int number = 0; number < runtime.getBackend(driver).getNumDevices(); number++) {
        TornadoDevice device = runtime.getBackend(driver).getDevice(number);
        found.add(
            new Found(
                new Device(driver + ":" + number, api, name(device), device.getMaxGlobalMemory()),
                kind(device),
                ORDER.indexOf(api)));
      }
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "--backend tornado: TornadoVM has drivers, but they show no device; install the GPU's"
              + " driver or an OpenCL platform (for a CPU: pocl-opencl-icd), 'clinfo' lists them");
    }
    return found.stream()
        .sorted(Comparator.comparingInt(Found::type).thenComparingInt(Found::api))
        .map(Found::device)
        .toList();
  }

  private static int kind(TornadoDevice device) {
    return switch (device.getDeviceType()) {
      case GPU -> 0;
      case ACCELERATOR -> 1;
      default -> 2;
    };
  }

  @Override
  public String preference() {
    return "GPUs come before others, CUDA before OpenCL for the same GPU";
  }

  @Override
  public Backend start(Device device, Options options, Listener listener) {
    if (!"false".equals(System.getProperty(BAILOUT))) {
      throw new IllegalArgumentException(
          "-D%s is %s; give the JVM -D%s=false, or TornadoVM runs kernels that fail as Java on the CPU and says nothing"
              .formatted(BAILOUT, System.getProperty(BAILOUT, "not set"), BAILOUT));
    }
    String[] place = device.place().split(":", 2);
    TornadoDevice chosen =
        runtime().getBackend(Integer.parseInt(place[0])).getDevice(Integer.parseInt(place[1]));
    boolean rounds =
        switch (options.samplingWeights()) {
          case AUTO -> chosen.getDeviceType() != TornadoDeviceType.CPU;
          case FLOAT32 -> false;
          case BFLOAT16 -> true;
        };
    boolean records = recordsGraphs(options.graphs(), chosen);
    return new TornadoBackend(chosen, form(options.kernels(), chosen), rounds, records, listener);
  }

  private static boolean recordsGraphs(DeviceGraphs graphs, TornadoDevice device) {
    return switch (graphs) {
      case AUTO -> isCuda(device);
      case ON -> {
        if (!isCuda(device)) {
          throw new IllegalArgumentException(
              "compute.deviceGraphs is on, but %s is driven through %s; it needs TornadoVM's CUDA backend, use auto"
                  .formatted(name(device), device.getTornadoVMBackend()));
        }
        yield true;
      }
      case OFF -> false;
    };
  }

  private static boolean isCuda(TornadoDevice device) {
    return device.getTornadoVMBackend() == TornadoVMBackendType.CUDA;
  }

  /// A CPU only pretends to have local memory of its own.
  private static Form form(DeviceKernels kernels, TornadoDevice device) {
    return switch (kernels) {
      case AUTO -> {
        if (CublasProducts.isOffered(device)) {
          yield Form.CUBLAS;
        }
        if (SgemmProducts.isOffered(device)) {
          yield Form.SGEMM;
        }
        yield device.getDeviceType() == TornadoDeviceType.CPU ? Form.PLAIN : groups(device);
      }
      case PLAIN -> Form.PLAIN;
      case GROUPS -> groups(device);
      case CUBLAS, TF32 -> {
        requireCuda(kernels, device);
        if (!CublasProducts.isOffered(device)) {
          throw new IllegalArgumentException(
              "compute.deviceKernels is %s, but none of %s can be opened; put the folder that holds one into LD_LIBRARY_PATH, or use groups"
                  .formatted(name(kernels), String.join(", ", CublasLibrary.NAMES)));
        }
        yield kernels == DeviceKernels.TF32 ? Form.TF32 : Form.CUBLAS;
      }
      case SGEMM -> {
        requireCuda(kernels, device);
        if (!SgemmProducts.isOffered(device)) {
          throw new IllegalArgumentException(
              "compute.deviceKernels is sgemm, but this TornadoVM has no cuBLAS module; use cublas or groups");
        }
        yield Form.SGEMM;
      }
    };
  }

  /// OpenCL promises 32 kB of local memory, CUDA 48.
  private static Form groups(TornadoDevice device) {
    return Form.groups(device.getDeviceLocalMemorySize());
  }

  private static void requireCuda(DeviceKernels kernels, TornadoDevice device) {
    if (!isCuda(device)) {
      throw new IllegalArgumentException(
          "compute.deviceKernels is %s, but %s is driven through %s; cuBLAS needs TornadoVM's CUDA backend, use auto"
              .formatted(name(kernels), name(device), device.getTornadoVMBackend()));
    }
  }

  private static String name(DeviceKernels kernels) {
    return kernels.name().toLowerCase(Locale.ROOT);
  }

  /// The runtime of the SDK.
  ///
  /// @throws IllegalArgumentException if there is none, or none of its drivers loads
  private static TornadoRuntime runtime() {
    requireSdk();
    TornadoRuntime runtime;
    try {
      runtime = TornadoRuntimeProvider.getTornadoRuntime();
    } catch (LinkageError | RuntimeException e) {
      throw noDriver(rootCause(e).getMessage());
    }
    if (runtime.getNumBackends() == 0) {
      throw noDriver("it has none");
    }
    return runtime;
  }

  private static void requireSdk() {
    try {
      var _ =
          Class.forName(
              "uk.ac.manchester.tornado.runtime.TornadoCoreRuntime",
              false,
              TornadoProvider.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(
          "--backend tornado: the TornadoVM SDK is not in this JVM; install TornadoVM for JDK 25"
              + " and set TORNADOVM_HOME to it",
          e);
    }
  }

  private static IllegalArgumentException noDriver(String message) {
    String fact = message == null ? "no reason given" : message.replaceAll("\u001B\\[[;\\d]*m", "");
    return new IllegalArgumentException(
        "--backend tornado: no driver of the TornadoVM SDK can be loaded (%s); install the driver of the"
                .formatted(fact)
            + " GPU or an OpenCL platform (for a CPU: pocl-opencl-icd), 'clinfo' lists them");
  }

  private static Throwable rootCause(Throwable e) {
    return e.getCause() == null ? e : rootCause(e.getCause());
  }

  /// A device's name as its maker writes it.
  static String name(TornadoDevice device) {
    return device.getPhysicalDevice().getDeviceName().strip();
  }
}
