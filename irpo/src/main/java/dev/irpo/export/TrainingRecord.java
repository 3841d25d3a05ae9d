package dev.irpo.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.provenance.ProgramStart;
import dev.irpo.provenance.StartsFile;
import dev.irpo.run.RunFolder;
import dev.irpo.train.ConfigFile;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a run or a training left beside a model: how it was trained, and what came of it.
///
/// @param training the folder of the training
/// @param metrics its lines
/// @param step of the checkpoint, none for the outcome
/// @param config none where another version of the program wrote it
record TrainingRecord(
    Path training, Path metrics, Optional<Integer> step, Optional<RunConfig> config) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Set<String> NOT_OF_THE_MODEL = Set.of("tokensPerSecond", "crc32c");

  /// The record of a model in `model/` or `checkpoints/step-N/` of a training, of its own or of a
  /// run's iteration; none of other models.
  static Optional<TrainingRecord> of(Path model) throws IOException {
    Path folder = model.toRealPath();
    String name = folder.getFileName().toString();
    boolean isCheckpoint = name.matches(TrainingFolder.CHECKPOINT + "\\d+");
    Path training = isCheckpoint ? folder.getParent().getParent() : folder.getParent();
    if (training == null || !Files.isRegularFile(training.resolve(TrainingFolder.METRICS))) {
      return Optional.empty();
    }
    Path second = training.resolve(RunFolder.RETRAIN).resolve(TrainingFolder.METRICS);
    return Optional.of(
        new TrainingRecord(
            training,
            !isCheckpoint && Files.isRegularFile(second)
                ? second
                : training.resolve(TrainingFolder.METRICS),
            isCheckpoint
                ? Optional.of(Integer.valueOf(name.substring(TrainingFolder.CHECKPOINT.length())))
                : Optional.empty(),
            config(training)));
  }

  private static Optional<RunConfig> config(Path training) throws IOException {
    for (Path root : List.of(training, training.resolve(".."))) {
      Path file = root.resolve(ConfigFile.NAME);
      if (Files.isRegularFile(file)) {
        try {
          return Optional.of(RunConfig.load(Optional.of(file), List.of()));
        } catch (IllegalArgumentException ofAnotherVersion) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /// Sections of Markdown: how it was trained, and what its run's models are worth.
  String sections() throws IOException {
    Optional<RunRecord> run = RunRecord.of(training);
    if (run.isEmpty()) {
      return section(run);
    }
    int last = run.get().iteration() - (step.isPresent() ? 1 : 0); // a checkpoint is no M_t
    return section(run) + run.get().section(last);
  }

  private String section(Optional<RunRecord> run) throws IOException {
    StringBuilder text = new StringBuilder("\n## Training\n\n| | |\n|---|---|\n");
    Optional<Integer> kept = run.isPresent() && step.isEmpty() ? run.get().keptStep() : step;
    JsonNode line = line(kept);
    boolean hasTexts = line.has("tokens");
    row(text, "on", hasTexts ? "texts to imitate" : "preference pairs");
    if (config.isPresent()) {
      addSettings(text, config.get(), hasTexts);
    } else {
      row(text, "settings", "config.yaml is not of this version of the program");
    }
    if (run.isPresent()) {
      Optional<Integer> pairs = run.get().pairs(run.get().iteration());
      pairs.ifPresent(count -> row(text, "pairs", String.valueOf(count)));
    }
    row(text, "program", program(run.map(RunRecord::folder).map(RunFolder::root).orElse(training)));
    for (Map.Entry<String, JsonNode> metric : line.properties()) {
      if (!NOT_OF_THE_MODEL.contains(metric.getKey())) {
        row(text, "last `" + metric.getKey() + "`", metric.getValue().asText());
      }
    }
    if (run.isPresent() && kept.isPresent()) {
      Optional<Accuracy> heldOut = run.get().heldOut(kept.get());
      heldOut.ifPresent(accuracy ->
          row(
              text,
              "held-out problems, greedy",
              "%d of %d right".formatted(accuracy.correct(), accuracy.total())));
    }
    return text.toString();
  }

  private void addSettings(StringBuilder text, RunConfig settings, boolean hasTexts) {
    String iteration = training.getFileName().toString();
    if (iteration.startsWith(RunFolder.ITERATION)) {
      String number = iteration.substring(RunFolder.ITERATION.length());
      row(text, "iteration", "%s of %d".formatted(number, settings.iterations()));
      row(text, "task", spelled(settings.task().name()));
    }
    if (!hasTexts) {
      row(text, "loss", spelled(settings.loss().kind()));
    }
    row(text, "learning rate", String.valueOf(settings.optimizer().learningRate()));
    row(text, "batch", String.valueOf(settings.train().batchSize()));
    row(text, "seed", String.valueOf(settings.seed()));
  }

  private static String spelled(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// The versions that worked on it, as far as they are noted.
  private static String program(Path root) throws IOException {
    try {
      String versions =
          StartsFile.in(root).all().stream()
              .map(ProgramStart::version)
              .distinct()
              .collect(Collectors.joining(", "));
      return versions.isEmpty()
          ? "IRPO on the JVM, version not recorded"
          : "IRPO on the JVM, " + versions;
    } catch (DamagedException ignored) { // the model does not depend on it
      return "IRPO on the JVM, version not known (%s is damaged)".formatted(StartsFile.NAME);
    }
  }

  /// That of a step, or the last one.
  private JsonNode line(Optional<Integer> wanted) throws IOException {
    JsonNode found = MAPPER.createObjectNode();
    try (Stream<String> lines = Files.lines(metrics)) {
      for (String line : (Iterable<String>) lines::iterator) {
        JsonNode read = MAPPER.readTree(line);
        if (wanted.isEmpty() || read.path("step").asInt() <= wanted.get()) {
          found = read;
        }
      }
    }
    return found;
  }

  private static void row(StringBuilder text, String what, String value) {
    text.append("| %s | %s |\n".formatted(what, value));
  }
}
