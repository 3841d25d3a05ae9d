package dev.irpo.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.arrow.OptimizerShards;
import dev.irpo.checkpoints.arrow.ShardLayout;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;
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
import java.util.TreeMap;
import java.util.stream.Stream;

/// A folder `step-N`: a model folder with the optimizer's shards and `state.json` in it. It appears
/// when all of it is there.
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
          .filter(name -> name.matches("step-\\d+"))
          .map(name -> Integer.parseInt(name.substring("step-".length())))
          .max(Comparator.naturalOrder());
    }
  }

  static void write(Path folder, LanguageModel model, Optimizer optimizer, int step)
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
                      model.storedTensors(),
                      model.tokenizerFiles()));
          Map<String, Long> state =
              Map.of("step", (long) step, "optimizerSteps", optimizer.stepsTaken());
          MAPPER.writeValue(temporary.resolve(STATE).toFile(), new TreeMap<>(state));
          Manifest.write(temporary, written);
        });
  }

  /// Copies a checkpoint's weights and optimizer state in and returns its step.
  static int read(Path folder, LanguageModel model, Optimizer optimizer) throws IOException {
    Manifest.read(folder).verifyChecksums(folder);
    try (StoredModel stored = ModelFormats.open(folder)) {
      for (var entry : model.parameters().buffers().entrySet()) {
        stored.tensor(entry.getKey()).content().read(0, entry.getValue().segment());
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
