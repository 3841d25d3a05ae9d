package dev.irpo.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.arrow.BaseModel;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.config.AdapterSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;

/// Stored models with a low-rank adapter ([Adapter]).
public final class AdaptedModel {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String ALL = "all";

  private AdaptedModel() {}

  /// The adapter that a configuration asks for; none where its rank is 0.
  ///
  /// @throws IllegalArgumentException naming what is no linear layer
  static Optional<Adapter> adapter(AdapterSettings settings) {
    if (settings.rank() == 0) {
      return Optional.empty();
    }
    String named = settings.targets().strip();
    List<String> targets = named.equals(ALL) ? Adapter.TARGETS : List.of(named.split("\\s*,\\s*"));
    try {
      return Optional.of(
          new Adapter(settings.rank(), settings.alpha(), settings.rankStabilised(), targets));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("adapter: " + e.getMessage(), e);
    }
  }

  /// Sizes of a model with the adapter that a configuration asks for, or with its own.
  ///
  /// @throws IllegalArgumentException if it has another of its own
  public static LlamaConfig sizes(LlamaConfig model, RunConfig config) {
    return adapter(config.adapter()).map(model::adaptedBy).orElse(model);
  }

  /// Opens a model with the adapter that a configuration asks for, see [#of].
  ///
  /// @param tokenizer instead of the one beside it
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel open(Path path, Optional<Path> tokenizer, RunConfig config)
      throws IOException {
    return open(path, tokenizer, config, 0);
  }

  /// The same with one of several fresh adapters.
  ///
  /// @param number t of the M_t that it is for
  /// @throws IOException as [#open(Path, Optional, RunConfig)]
  public static StoredModel open(Path path, Optional<Path> tokenizer, RunConfig config, int number)
      throws IOException {
    StoredModel stored = ModelFiles.open(path, tokenizer);
    try {
      return of(stored, config, number);
    } catch (IllegalArgumentException e) {
      stored.close();
      throw e;
    }
  }

  /// A model with the adapter that a configuration asks for: its own, else a fresh one, which adds
  /// nothing and is the same for the same seed.
  ///
  /// @throws IllegalArgumentException if it has another of its own
  public static StoredModel of(StoredModel model, RunConfig config) {
    return of(model, config, 0);
  }

  private static StoredModel of(StoredModel model, RunConfig config, int number) {
    long key =
        number == 0
            ? config.seed()
            : CounterRandom.key(CounterRandom.key(config.seed(), "adapter"), number);
    LlamaConfig sizes = LanguageModel.configOf(model);
    LlamaConfig adapted = sizes(sizes, config);
    if (adapted.equals(sizes)) {
      return model;
    }
    ObjectNode json = model.config();
    json.set(Adapter.KEY, MAPPER.valueToTree(adapted.layers().adapter().orElseThrow().toJson()));
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>(model.tensors());
    adapted
        .parameterShapes()
        .forEach((name, shape) -> {
          if (Adapter.has(name)) {
            tensors.put(name, fresh(config, key, name, shape));
          }
        });
    return model.with(json, tensors);
  }

  /// In single precision with numbers of the type that is trained.
  private static StoredTensor fresh(RunConfig config, long key, String name, Shape shape) {
    DType type = DType.valueOf(config.train().roundedTo().name());
    MemorySegment data =
        Arena.ofAuto()
            .allocate(shape.numElements() * Float.BYTES, ValueLayout.JAVA_FLOAT.byteSize());
    for (long i = 0; i < shape.numElements(); i++) {
      float fresh = Adapter.fresh(key, name, shape, i);
      data.setAtIndex(
          ValueLayout.JAVA_FLOAT, i, type.isHalf() ? HalfPrecision.rounded(type, fresh) : fresh);
    }
    return new StoredTensor(name, DType.F32, shape, data);
  }

  /// Writes what a model's adapter has as a folder that appears when all of it is there, and names
  /// the model that has everything else.
  ///
  /// @param base of the same sizes and weights, but for the adapter
  public static void copyAdapter(StoredModel model, Path base, Path target) throws IOException {
    List<StoredTensor> own =
        model.tensors().values().stream().filter(tensor -> Adapter.has(tensor.name())).toList();
    BaseModel rest = BaseModel.of(base, model.tensors().keySet());
    write(target, model.config(), own, model.tokenizerFiles(), rest);
  }

  /// The same of an adapter's tensors.
  ///
  /// @param config content of config.json
  /// @param rest has everything else
  public static void write(
      Path target,
      ObjectNode config,
      List<StoredTensor> adapter,
      TokenizerFiles tokenizer,
      BaseModel rest)
      throws IOException {
    AtomicFiles.writeFolder(
        target,
        temporary -> {
          SortedMap<String, Manifest.Entry> written =
              new TreeMap<>(
                  ArrowModelWriter.keepingTypes()
                      .writeContents(temporary, config, adapter, tokenizer));
          written.putAll(rest.writeTo(temporary));
          Manifest.write(temporary, written);
        });
  }

  /// A model without an adapter whose weights compute what this one does with its own: W + s·B·A,
  /// in the type of W; itself where it has none.
  public static StoredModel merged(StoredModel model) {
    Optional<Adapter> adapter = LanguageModel.configOf(model).layers().adapter();
    if (adapter.isEmpty()) {
      return model;
    }
    ObjectNode config = model.config();
    config.remove(Adapter.KEY);
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    model
        .tensors()
        .forEach((name, tensor) -> {
          if (!Adapter.has(name)) {
            tensors.put(name, merged(model, adapter.get(), tensor));
          }
        });
    return model.with(config, tensors);
  }

  /// Writes what a model with an adapter computes as a folder of a model without one, see
  /// [#merged], that appears when all of it is there.
  public static void writeMerged(StoredModel model, Path target) throws IOException {
    StoredModel merged = merged(model);
    ArrowModelWriter.keepingTypes()
        .write(
            target,
            merged.config(),
            List.copyOf(merged.tensors().values()),
            merged.tokenizerFiles());
  }

  private static StoredTensor merged(StoredModel model, Adapter adapter, StoredTensor weight) {
    return Adapter.factorsOf(weight.name())
        .filter(names -> model.tensors().containsKey(names.a()))
        .map(names ->
            MergedContent.of(
                weight, model.tensor(names.a()), model.tensor(names.b()), adapter.scale()))
        .orElse(weight);
  }
}
