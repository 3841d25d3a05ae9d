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
import dev.irpo.distributed.Group;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.train.Optimizer;
import dev.irpo.transformer.train.ShardedLayout;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/// A folder `step-N`: a model folder with the optimizer's shards and `state.json` in it, of the
/// trained parameters alone where a [BaseModel] has the rest. It appears when all of it is there.
final class Checkpoint {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String STATE = "state.json";

  /// Where a training is.
  ///
  /// @param badSteps in a row before that, which the optimizer has not taken
  record State(int step, int badSteps) {
    private void write(Path folder, long optimizerSteps) throws IOException {
      SortedMap<String, Long> values = new TreeMap<>();
      values.put("step", (long) step);
      values.put("optimizerSteps", optimizerSteps);
      if (badSteps > 0) {
        values.put(Training.BAD_STEPS, (long) badSteps);
      }
      Files.write(folder.resolve(STATE), MAPPER.writeValueAsBytes(values));
    }

    static State of(JsonNode json) {
      return new State(json.get("step").intValue(), json.path(Training.BAD_STEPS).intValue());
    }
  }

  private Checkpoint() {}

  /// Steps of the checkpoints in a folder of `step-N`.
  static SortedSet<Integer> steps(Path checkpoints) throws IOException {
    NavigableSet<Integer> steps = new TreeSet<>();
    if (Files.isDirectory(checkpoints)) {
      try (Stream<Path> entries = Files.list(checkpoints)) {
        entries
            .map(path -> path.getFileName().toString())
            .filter(name -> name.matches(TrainingFolder.CHECKPOINT + "\\d+"))
            .map(name -> Integer.parseInt(name.substring(TrainingFolder.CHECKPOINT.length())))
            .forEach(steps::add);
      }
    }
    return steps;
  }

  /// Each process of the group writes its own shard of the optimizer's state, the first one all
  /// else, to which the others give their parameters; all of them are done when it returns. The
  /// folder must be the same for all.
  ///
  /// @param base has the parameters that are not trained; none where all are
  static void write(
      Path folder, LanguageModel model, Trainer<?> trainer, State state, Optional<BaseModel> base)
      throws IOException {
    Group group = trainer.sharding().group();
    if (group.isFirst()) {
      AtomicFiles.writeFolder(
          folder,
          temporary -> {
            SharedText.ofFirst(group, temporary.toString());
            Map<String, Manifest.Entry> written = writeShards(temporary, trainer);
            trainer.show(trained ->
                written.putAll(
                    ArrowModelWriter.keepingTypes()
                        .writeContents(
                            temporary,
                            model.huggingFaceConfig(),
                            trained,
                            model.tokenizerFiles())));
            if (base.isPresent()) {
              written.putAll(base.get().writeTo(temporary));
            }
            state.write(temporary, trainer.optimizer().stepsTaken());
            Manifest.write(temporary, written);
          });
    } else {
      var _ = writeShards(Path.of(SharedText.ofFirst(group, "")), trainer);
      trainer.show(_ -> {});
    }
    group.barrier();
  }

  /// Writes this process's shard and returns what all processes wrote.
  private static Map<String, Manifest.Entry> writeShards(Path folder, Trainer<?> trainer)
      throws IOException {
    Group group = trainer.sharding().group();
    Optimizer optimizer = trainer.optimizer();
    OptimizerShards.Part part =
        new OptimizerShards.Part(group.rank() + 1, group.size(), pieces(optimizer));
    Map<String, Manifest.Entry> all = new TreeMap<>();
    String written = Manifest.toLines(OptimizerShards.write(folder, shardLayout(optimizer), part));
    SharedText.ofAll(group, written).forEach(lines -> all.putAll(Manifest.ofLines(lines)));
    return all;
  }

  /// Checks every byte of a checkpoint.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException naming the file that is not what was
  ///   written
  static void verify(Path folder) throws IOException {
    Manifest.require(folder).verifyChecksums(folder);
  }

  /// Copies a verified checkpoint's trained weights and optimizer state in and returns its state.
  ///
  /// @param trainer whose other weights are those of the base
  /// @throws IllegalArgumentException if the checkpoint has another base
  static State read(Path folder, Trainer<?> trainer, Optional<BaseModel> base) throws IOException {
    Optimizer optimizer = trainer.optimizer();
    if (base.isPresent()) {
      base.get().requireBaseOf(folder);
    }
    try (StoredModel stored = ModelFormats.openWithoutBase(folder)) {
      trainer.overwrite(stored::tensor);
    }
    try (OptimizerShards shards = OptimizerShards.open(folder, shardLayout(optimizer))) {
      pieces(optimizer).forEach(shards::read);
    }
    JsonNode state = MAPPER.readTree(Files.readString(folder.resolve(STATE)));
    optimizer.resumeAfter(state.get("optimizerSteps").longValue());
    return State.of(state);
  }

  private static ShardLayout shardLayout(Optimizer optimizer) {
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    trained(optimizer).forEach(slice -> shapes.put(slice.name(), slice.shape()));
    return new ShardLayout(shapes);
  }

  private static List<ParameterLayout.Slice> trained(Optimizer optimizer) {
    return optimizer.layout().trained().slices();
  }

  /// The moments, and masters if there are any, that this process has, without the padding between
  /// parameters.
  private static List<OptimizerShards.Piece> pieces(Optimizer optimizer) {
    ShardLayout shards = shardLayout(optimizer);
    return optimizer.layout().ownedSlices().stream()
        .map(owned ->
            new OptimizerShards.Piece(
                shards.begin(owned.slice().name()) + owned.begin(),
                owned(optimizer.firstMoment(), owned),
                owned(optimizer.secondMoment(), owned),
                optimizer.masters().map(masters -> owned(masters, owned))))
        .toList();
  }

  private static MemorySegment owned(Buffer all, ShardedLayout.Owned owned) {
    return all.slice(owned.offset(), owned.length()).segment();
  }
}
