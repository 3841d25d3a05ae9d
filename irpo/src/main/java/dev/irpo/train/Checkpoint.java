package dev.irpo.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.arrow.BaseModel;
import dev.irpo.checkpoints.arrow.OptimizerShards;
import dev.irpo.checkpoints.arrow.ShardLayout;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.train.Optimizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A folder `step-N`: a model folder with the optimizer's shards and `state.json` in it, of the
/// trained parameters alone where a [BaseModel] has the rest. It appears when all of it is there.
final class Checkpoint {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String STATE = "state.json";

  private Checkpoint() {}

  /// Step of the last checkpoint in a folder of `step-N`, if there is one.
  static Optional<Integer> lastStep(Path checkpoints) throws IOException {
    if (!Files.isDirectory(checkpoints)) {
      return Optional.empty();
    }
    try (Stream<Path> entries = Files.list(checkpoints)) {
      return entries
          .map(path -> path.getFileName().toString())
          .filter(name -> name.matches(TrainingFolder.CHECKPOINT + "\\d+"))
          .map(name -> Integer.parseInt(name.substring(TrainingFolder.CHECKPOINT.length())))
          .max(Comparator.naturalOrder());
    }
  }

  /// @param base has the parameters that are not trained; none where all are
  static void write(
      Path folder, LanguageModel model, Optimizer optimizer, int step, Optional<BaseModel> base)
      throws IOException {
    ShardLayout layout = shardLayout(optimizer);
    OptimizerShards.Part part =
        new OptimizerShards.Part(
            1,
            1,
            0,
            pieces(optimizer, optimizer.firstMoment()),
            pieces(optimizer, optimizer.secondMoment()));
    AtomicFiles.writeFolder(
        folder,
        temporary -> {
          Map<String, Manifest.Entry> written =
              new TreeMap<>(OptimizerShards.write(temporary, layout, part));
          written.putAll(
              ArrowModelWriter.keepingTypes()
                  .writeContents(
                      temporary,
                      model.huggingFaceConfig(),
                      trained(model, optimizer),
                      model.tokenizerFiles()));
          if (base.isPresent()) {
            written.putAll(base.get().writeTo(temporary));
          }
          Map<String, Long> state =
              Map.of("step", (long) step, "optimizerSteps", optimizer.stepsTaken());
          MAPPER.writeValue(temporary.resolve(STATE).toFile(), new TreeMap<>(state));
          Manifest.write(temporary, written);
        });
  }

  private static List<StoredTensor> trained(LanguageModel model, Optimizer optimizer) {
    Set<String> names = shardLayout(optimizer).shapes().keySet();
    return model.storedTensors().stream().filter(tensor -> names.contains(tensor.name())).toList();
  }

  /// Copies a checkpoint's trained weights and optimizer state in and returns its step.
  ///
  /// @param model whose other weights are those of the base
  /// @throws IllegalArgumentException if the checkpoint has another base
  static int read(Path folder, LanguageModel model, Optimizer optimizer, Optional<BaseModel> base)
      throws IOException {
    Manifest.read(folder).verifyChecksums(folder);
    if (base.isPresent()) {
      base.get().requireBaseOf(folder);
    }
    try (StoredModel stored = ModelFormats.openWithoutBase(folder)) {
      for (String name : shardLayout(optimizer).shapes().keySet()) {
        Buffer weights = model.parameters().buffers().get(name);
        stored.tensor(name).content().read(0, weights.segment());
      }
    }
    model.parameters().markChanged();
    ShardLayout layout = shardLayout(optimizer);
    try (OptimizerShards shards = OptimizerShards.open(folder, layout)) {
      List<MemorySegment> firstMoments = pieces(optimizer, optimizer.firstMoment());
      List<MemorySegment> secondMoments = pieces(optimizer, optimizer.secondMoment());
      int i = 0;
      for (String name : layout.shapes().keySet()) {
        shards.read(layout.begin(name), firstMoments.get(i), secondMoments.get(i));
        i++;
      }
    }
    JsonNode state = MAPPER.readTree(Files.readString(folder.resolve(STATE)));
    optimizer.resumeAfter(state.get("optimizerSteps").longValue());
    return state.get("step").intValue();
  }

  private static ShardLayout shardLayout(Optimizer optimizer) {
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    optimizer.layout().slices().forEach(slice -> shapes.put(slice.name(), slice.shape()));
    return new ShardLayout(shapes);
  }

  /// The parts of a moment that belong to parameters, without the padding between them.
  private static List<MemorySegment> pieces(Optimizer optimizer, Buffer moment) {
    return optimizer.layout().slice(moment, "").values().stream().map(Buffer::segment).toList();
  }
}
