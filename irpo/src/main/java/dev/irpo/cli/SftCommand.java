package dev.irpo.cli;

import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import dev.irpo.train.CheckpointPlan;
import dev.irpo.train.ConfigFile;
import dev.irpo.train.Division;
import dev.irpo.train.RoundedStart;
import dev.irpo.train.SupervisedTraining;
import dev.irpo.train.Training;
import dev.irpo.train.TrainingFolder;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.train.TrainItem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo sft`.
@Command(
    name = "sft",
    mixinStandardHelpOptions = true,
    description = {
      "Supervised fine-tuning: DIR/metrics.jsonl, DIR/model.",
      "FILE has lines {\"prompt\":…,\"response\":…} or {\"promptIds\":[…],\"responseIds\":[…]}.",
      "The same command resumes an interrupted training."
    },
    footer = {"", Processes.HELP})
final class SftCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;
  @Mixin private TextOptions texts;
  @Mixin private ConfigOptions config;
  @Mixin private LengthOptions lengths;

  @Option(names = "--data", required = true, paramLabel = "FILE")
  private Path data;

  @Option(names = "--out", required = true, paramLabel = "DIR")
  private Path out;

  @Override
  public Integer call() throws IOException {
    return Processes.share(processes -> {
      try (FolderLock lock = new FolderLock(out)) {
        processes.first(() -> {
          lock.takeIfThere(ConfigFile.NAME);
          return lock;
        });
        train(new TrainingFolder(out, model.model), lock, processes);
      }
    });
  }

  /// What it takes, which there is.
  private TrainingRoom room(RunConfig resolved, Processes processes) throws IOException {
    LlamaConfig sizes =
        AdaptedModel.sizes(ModelSizes.ofStored(model.model, model.tokenizer()), resolved);
    TrainingRoom room =
        new TrainingRoom(
            resolved,
            processes,
            sizes,
            List.of(model.model),
            model.tokenizer(),
            false,
            SupervisedTraining::trainer);
    room.require();
    return room;
  }

  private void train(TrainingFolder folder, FolderLock lock, Processes processes)
      throws IOException {
    RunConfig resolved =
        processes.all(() -> {
          folder.requireUnfinished();
          return config.loadFor(out);
        });
    processes.first(() -> {
      RoundedStart.require(resolved, folder, model.model, model.tokenizer());
      return folder;
    });
    TrainingRoom room = processes.all(() -> room(resolved, processes));
    Replicas replicas = Division.of(resolved, processes.group());
    try (Backend backend = BackendStart.of(processes.compute(resolved.compute()))) {
      LanguageModel trained =
          Training.open(resolved, backend, replicas, model.model, model.tokenizer());
      List<TrainItem.Single> examples = processes.all(() -> examples(trained, room));
      SupervisedTraining training =
          new SupervisedTraining(resolved, backend, replicas, trained, examples);
      SequencedMap<String, Path> inputs = new LinkedHashMap<>();
      inputs.put("--model", model.model);
      inputs.put("--data", data);
      processes.first(() -> {
        folder.open(resolved, inputs, lock);
        processes.noteStart(out, resolved.compute(), backend);
        return folder;
      });
      CheckpointPlan plan = CheckpointPlan.of(training.totalSteps(), resolved.train());
      folder.resume(training, plan, processes.progress().checksums());
      try (Progress.Bar bar = processes.progress().begin("sft", training.totalSteps())) {
        folder.run(training, plan, line -> bar.at(line.step(), line.message(), line.values()));
      }
      processes.all(() -> {
        training.saveModel(folder.model(), model.model);
        return folder;
      });
    }
  }

  private record Example(int line, TrainItem.Single item) {
    int tokens() {
      return item.prompt().length + item.response().length;
    }
  }

  private List<TrainItem.Single> examples(LanguageModel loaded, TrainingRoom room)
      throws IOException {
    List<TrainItem.Single> examples = examples(loaded);
    room.require(SupervisedTraining.largest(examples));
    return examples;
  }

  private List<TrainItem.Single> examples(LanguageModel loaded) throws IOException {
    List<Example> examples = new ArrayList<>();
    for (JsonLines.Line line : JsonLines.read(data)) {
      int[] prompt = texts.prompt(loaded, line);
      int[] response = texts.finished(loaded, line, "response");
      TokenChecks.requirePrompt(loaded.config(), line, prompt);
      TokenChecks.requireTokens(loaded.config(), line, response);
      if (response.length == 0) {
        throw line.mistake("the response has no token; leave the line out");
      }
      examples.add(new Example(line.number(), new TrainItem.Single(prompt, response)));
    }
    LengthOptions.Limit limit = LengthOptions.Limit.ofContext(loaded.config().maxPositions());
    return lengths
        .keep(data, examples, example -> "line " + example.line(), Example::tokens, limit)
        .stream()
        .map(Example::item)
        .toList();
  }
}
