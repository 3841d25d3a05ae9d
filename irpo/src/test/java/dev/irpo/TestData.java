package dev.irpo;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.config.ComputeSettings;
import dev.irpo.model.Backends;
import dev.irpo.model.LanguageModel;
import dev.irpo.synthetic.CorpusMix;
import dev.irpo.synthetic.WordProblemCorpus;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.device.DeviceProvider;
import dev.irpo.testdata.ForeignData;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.SentencePieceTrainer;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Models and backends for tests.
public final class TestData {
  private TestData() {}

  /// Whether tests run on the device that [#device()] gives.
  static boolean isOnDevice() {
    return "tornado".equals(System.getProperty("irpo.testBackend"));
  }

  /// TornadoVM's first device.
  static Backend device() {
    return device((done, total) -> {});
  }

  /// TornadoVM's first device, watched.
  public static Backend device(DeviceProvider.Listener listener) {
    return Backends.start(new ComputeSettings(0, "tornado", "auto", "auto", "auto", 1), listener);
  }

  /// TornadoVM's first device with a value of `compute.samplingWeights`.
  static Backend deviceSamplingWith(String weights) {
    return Backends.start(
        new ComputeSettings(0, "tornado", "auto", weights, "auto", 1), (done, total) -> {});
  }

  /// The real checkpoint stories260K.
  public static Path stories() {
    return ForeignData.path("stories260K/stories260K.bin");
  }

  /// A model of the shared data or of a test's folder.
  public static LanguageModel open(Backend backend, Path path) throws IOException {
    return LanguageModel.open(backend, path, Optional.empty());
  }

  /// A tokenizer for the embedded task.
  public static SentencePieceTokenizer tokenizer(int vocabSize) {
    List<String> text =
        new WordProblemCorpus(7, CorpusMix.standard())
            .secondStage(300).stream().map(WordProblemCorpus.Document::text).toList();
    return SentencePieceTrainer.ofSize(vocabSize).withUserDefinedSymbols("\n").train(text);
  }

  /// A random model of two layers with a tokenizer for the embedded task and 256 positions.
  public static LanguageModel tinyModel(Backend backend) {
    return tinyModel(backend, 256);
  }

  /// The same with a context of so many positions.
  public static LanguageModel tinyModel(Backend backend, int positions) {
    LlamaConfig config =
        new LlamaConfig(400, 32, 64, 2, 4, 2, 8, positions, 10000, 1e-5, true, 1, List.of(2));
    return new LanguageModel(
        config,
        new ObjectMapper().valueToTree(config.toHuggingFace()),
        Parameters.random(backend, config, 3),
        Optional.of(tokenizer(config.vocabSize())));
  }

  /// Writes the model with 256 positions as a folder.
  public static Path writeTinyModel(Path folder) throws IOException {
    return writeTinyModel(folder, 256);
  }

  /// The same with a context of so many positions.
  public static Path writeTinyModel(Path folder, int positions) throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      tinyModel(backend, positions).save(folder);
    }
    return folder;
  }

  /// Rounds all weights of a model to a type of 16 bits.
  public static void round(LanguageModel model, DType type) {
    Buffer flat = model.parameters().flat();
    for (long i = 0; i < flat.numElements(); i++) {
      flat.set(i, HalfPrecision.rounded(type, (float) flat.get(i)));
    }
    model.parameters().markChanged();
  }
}
