package dev.irpo.report;

import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.config.RunConfig;
import dev.irpo.provenance.ProgramStart;
import dev.irpo.provenance.StartsFile;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What a run folder says of how the run was made.
///
/// @param files small ones
/// @param missing is told what is damaged
record RunFacts(RunFolder folder, RunConfig config, ReadFiles files, Consumer<String> missing) {
  private static final String NOT_RECORDED = "not recorded in the run folder";

  SequencedMap<String, String> of(List<TrainingData> trainings) throws IOException {
    SequencedMap<String, String> facts = new LinkedHashMap<>();
    SequencedMap<String, String> texts = config.toTexts();
    facts.put("task", texts.get("task.name"));
    facts.put("grader", grader(trainings, texts.get("task.grader")));
    facts.put("loss", texts.get("loss.kind"));
    facts.put("seed", texts.get("seed"));
    facts.put("iterations", texts.get("iterations"));
    facts.put("backends", backends());
    facts.put("threads", texts.get("compute.threads") + " (0: all cores)");
    addStarts(facts);
    facts.put("M_0, SHA-256 of its manifest", startModel());
    facts.put(
        "to run it again", "bin/irpo run --config RUN/config.yaml --model RUN/model-0 --out NEW");
    return facts;
  }

  /// As the rollouts name it, or as the configuration does where there is none yet.
  private static String grader(List<TrainingData> trainings, String configured) {
    SortedSet<String> graders = new TreeSet<>();
    for (TrainingData training : trainings) {
      if (training.rollouts() != null) {
        graders.addAll(training.rollouts().graders());
      }
    }
    return graders.isEmpty() ? configured : String.join(", ", graders);
  }

  private String backends() throws IOException {
    Path file = folder.backendsFile();
    if (!Files.exists(file)) {
      return NOT_RECORDED;
    }
    return files
        .of(file, _ -> folder.backends())
        .map(names -> String.join(", ", names))
        .orElse("not known");
  }

  private void addStarts(SequencedMap<String, String> facts) throws IOException {
    Path file = folder.root().resolve(StartsFile.NAME);
    List<ProgramStart> starts =
        Files.exists(file)
            ? files.of(file, _ -> StartsFile.in(folder.root()).all()).orElse(List.of())
            : List.of();
    facts.put("starts of the program", times(starts));
    facts.put("version of the program", distinct(starts, ProgramStart::version));
    facts.put("Java", distinct(starts, ProgramStart::java));
    facts.put("operating system", distinct(starts, ProgramStart::system));
    facts.put("machine", distinct(starts, ProgramStart::machine));
    facts.put("computed by", distinct(starts, ProgramStart::backend));
    facts.put("processes", distinct(starts, start -> String.valueOf(start.processes())));
  }

  private static String times(List<ProgramStart> starts) {
    return switch (starts.size()) {
      case 0 -> NOT_RECORDED;
      case 1 -> starts.getFirst().time();
      default ->
          "%d, from %s to %s"
              .formatted(starts.size(), starts.getFirst().time(), starts.getLast().time());
    };
  }

  /// What the starts have, each value once, in the order of time.
  private static String distinct(List<ProgramStart> starts, Function<ProgramStart, String> what) {
    return starts.isEmpty()
        ? NOT_RECORDED
        : starts.stream().map(what).distinct().collect(Collectors.joining("; "));
  }

  private String startModel() throws IOException {
    Path manifest = folder.startModel().resolve(Manifest.FILE_NAME);
    Optional<String> checksum = files.of(manifest, Checksums::sha256);
    if (checksum.isEmpty()) {
      missing.accept("model-0: is not there");
    }
    return checksum.orElse("not known");
  }
}
