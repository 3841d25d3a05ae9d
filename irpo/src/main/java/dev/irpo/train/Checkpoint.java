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
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.distributed.Group;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Shape;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.train.Optimizer;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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

  /// The first process of each model writes its shard of the optimizer's state, the first of all
  /// everything else, to which the others give what they have; all of them are done when it
  /// returns. The folder must be the same for all.
  ///
  /// @param all the processes that train
  /// @param base has the parameters that are not trained; none where all are
  static void write(
      Path folder,
      LanguageModel model,
      Group all,
      Trainer<?> trainer,
      State state,
      Optional<BaseModel> base)
      throws IOException {
    if (all.isFirst()) {
      AtomicFiles.writeFolder(
          folder,
          temporary -> {
            SharedText.ofFirst(all, temporary.toString());
            Map<String, Manifest.Entry> written = writeShards(temporary, all, trainer);
            show(
                trainer,
                trained ->
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
      var _ = writeShards(Path.of(SharedText.ofFirst(all, "")), all, trainer);
      show(trainer, _ -> {});
    }
    all.barrier();
  }

  private static <E extends Exception> void show(Trainer<?> trainer, Trainer.Reader<E> reader)
      throws E {
    trainer.show(trained -> WholeTensors.show(trainer.parameters(), trained, reader));
  }

  /// Writes the shard of this process's model and returns what all processes wrote.
  private static Map<String, Manifest.Entry> writeShards(Path folder, Group all, Trainer<?> trainer)
      throws IOException {
    Group data = trainer.sharding().group();
    ShardLayout layout = shardLayout(trainer);
    SortedMap<String, Manifest.Entry> own = new TreeMap<>();
    new OptimizerState(trainer, layout)
        .show(state ->
            own.putAll(
                OptimizerShards.write(
                    folder,
                    layout,
                    new OptimizerShards.Part(data.rank() + 1, data.size(), state))));
    Map<String, Manifest.Entry> written = new TreeMap<>();
    SharedText.ofAll(all, Manifest.toLines(own))
        .forEach(lines -> written.putAll(Manifest.ofLines(lines)));
    return written;
  }

  /// Checks every byte of a checkpoint.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException naming the file that is not what was
  ///   written
  static void verify(Path folder, SeenChecksums seen) throws IOException {
    Manifest.require(folder).verifyChecksums(folder, seen);
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
    ShardLayout layout = shardLayout(trainer);
    try (OptimizerShards shards = OptimizerShards.open(folder, layout)) {
      new OptimizerState(trainer, layout).pieces().forEach(shards::read);
    }
    JsonNode state = MAPPER.readTree(Files.readString(folder.resolve(STATE)));
    optimizer.resumeAfter(state.get("optimizerSteps").longValue());
    return State.of(state);
  }

  private static ShardLayout shardLayout(Trainer<?> trainer) {
    SequencedMap<String, Shape> wholes = trainer.parameters().whole().parameterShapes();
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    for (ParameterLayout.Slice slice : trainer.optimizer().layout().trained().slices()) {
      shapes.put(slice.name(), wholes.get(slice.name()));
    }
    return new ShardLayout(shapes);
  }
}
