package dev.irpo.transformer;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.device.DeviceGraphs;
import dev.irpo.tensor.device.DeviceKernels;
import dev.irpo.tensor.device.DeviceProvider;
import dev.irpo.tensor.device.SamplingWeights;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.transformer.parallel.TensorParallel;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// The models of the golden values.
public final class Golden {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Golden() {}

  /// The model `policy` or `reference`.
  static Parameters model(Backend backend, String name) throws IOException {
    return model(backend, name, "tiny/" + name + "/config.json");
  }

  /// The policy of a family next to Llama, or the slice of it that a process has.
  static Parameters family(Backend backend, String family, TensorParallel parallel)
      throws IOException {
    String folder = "families/" + family + "/policy/";
    return load(backend, folder + "model.safetensors", folder + "config.json", parallel);
  }

  /// The same weights under another configuration.
  static Parameters model(Backend backend, String name, String config) throws IOException {
    return model(backend, name, config, TensorParallel.alone());
  }

  /// The slice of the model that a process has.
  static Parameters model(Backend backend, String name, TensorParallel parallel)
      throws IOException {
    return model(backend, name, "tiny/" + name + "/config.json", parallel);
  }

  private static Parameters model(
      Backend backend, String name, String config, TensorParallel parallel) throws IOException {
    return load(backend, "tiny/" + name + "/model.safetensors", config, parallel);
  }

  private static Parameters load(
      Backend backend, String weights, String config, TensorParallel parallel) throws IOException {
    Map<String, Object> json =
        MAPPER.convertValue(GoldenFiles.json(config), new TypeReference<>() {});
    List<StoredTensor> tensors =
        GoldenFiles.parts(GoldenFiles.tensors(weights), GoldenFiles.json(config))
            .entrySet()
            .stream()
            .map(e ->
                new StoredTensor(
                    e.getKey(), DType.F32, Shape.of(e.getValue().shape()), e.getValue().data()))
            .toList();
    return Parameters.load(backend, LlamaConfig.of(json), weights, tensors, parallel);
  }

  /// TornadoVM's first device.
  public static Backend device() {
    return device(DeviceKernels.AUTO);
  }

  /// TornadoVM's first device with kernels in some form.
  public static Backend device(DeviceKernels kernels) {
    DeviceProvider provider = DeviceProvider.find("tornado").orElseThrow();
    DeviceProvider.Options options =
        new DeviceProvider.Options(kernels, SamplingWeights.AUTO, DeviceGraphs.AUTO);
    return provider.start(provider.devices().getFirst(), options, (done, total) -> {});
  }
}
