package dev.irpo.cli;

import static java.util.stream.Collectors.joining;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TensorSummary;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.config.RunConfig;
import dev.irpo.model.ChatRules;
import dev.irpo.model.ChatTemplates;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.model.TextRules;
import dev.irpo.provenance.ProgramStart;
import dev.irpo.provenance.StartsFile;
import dev.irpo.run.RunFolder;
import dev.irpo.run.RunStages;
import dev.irpo.task.Tasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `irpo inspect`.
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description = "A model's shapes, sizes and checksums, or the state of a run.")
final class InspectCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "MODEL|RUN")
  private Path path;

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "SentencePiece model")
  private Path tokenizer;

  @Override
  public Integer call() throws IOException {
    RunFolder folder = new RunFolder(path);
    if (Files.exists(folder.configFile())) {
      run(folder);
    } else {
      model();
    }
    return 0;
  }

  private void model() throws IOException {
    try (StoredModel stored = ModelFiles.open(path, Optional.ofNullable(tokenizer))) {
      stored.verifyChecksums(new Bars().checksums());
      System.out.println("format     " + stored.format().name());
      System.out.println("config     " + stored.config());
      stored.warning().ifPresent(warning -> System.out.println("warning    " + warning));
      String inside = stored.hasTokenizerInside() ? "inside the file" : "none";
      String files = stored.tokenizers().stream().map(Path::toString).collect(joining(", "));
      System.out.println("tokenizer  " + (files.isEmpty() ? inside : files));
      texts(stored).ifPresent(texts -> System.out.println("texts      " + texts));
      chat(stored).ifPresent(chat -> System.out.println("chat       " + chat));
      long elements = 0;
      long bytes = 0;
      List<TensorSummary> summaries = stored.summaries();
      for (TensorSummary summary : summaries) {
        System.out.printf(
            "%-52s %-5s %-16s %12d  %s%n",
            summary.name(),
            summary.dtype(),
            summary.shape(),
            summary.bytes(),
            summary.sha256().substring(0, 16));
        elements += summary.shape().numElements();
        bytes += summary.bytes();
      }
      System.out.printf("%d tensors, %d parameters, %d bytes%n", summaries.size(), elements, bytes);
    }
  }

  /// How texts become ids, or why not; none without a tokenizer.
  private static Optional<String> texts(StoredModel stored) throws IOException {
    try {
      return TextRules.of(stored.tokenizerFiles(), LanguageModel.configOf(stored))
          .map(TextRules::toString);
    } catch (IllegalArgumentException e) {
      return Optional.of("are not read: " + e.getMessage());
    }
  }

  /// What `task.chatTemplate: model` would do, or why not; none without a template.
  private static Optional<String> chat(StoredModel stored) throws IOException {
    try {
      TokenizerFiles files = stored.tokenizerFiles();
      if (ChatTemplates.of(files).byName().isEmpty()) {
        return Optional.empty();
      }
      LocalDate date =
          LocalDate.parse(RunConfig.load(Optional.empty(), List.of()).task().chatDate());
      return TextRules.of(files, LanguageModel.configOf(stored))
          .map(text -> ChatRules.of(text, date).toString());
    } catch (IllegalArgumentException e) {
      return Optional.of("is not read: " + e.getMessage());
    }
  }

  private static void run(RunFolder folder) throws IOException {
    RunConfig config = RunConfig.load(Optional.of(folder.configFile()), List.of());
    System.out.println("run        " + folder.root());
    printStarts(folder);
    printStates(folder, config);
    for (Path damaged : DamagedFiles.in(folder.root())) {
      System.out.println("damaged    " + folder.root().relativize(damaged));
    }
    System.out.print(RunReport.table(folder, config.iterations()));
  }

  private static void printStarts(RunFolder folder) throws IOException {
    try {
      for (ProgramStart start : StartsFile.in(folder.root()).all()) {
        System.out.printf(
            "start      %s  irpo %s, Java %s, %s, %s, %s, processes: %d%n",
            start.time(),
            start.version(),
            start.java(),
            start.system(),
            start.machine(),
            start.backend(),
            start.processes());
      }
    } catch (DamagedException e) {
      System.out.println("starts     are not known: " + e.getMessage());
    }
  }

  /// What is left to do follows from the problems, whose files may lie on another machine.
  private static void printStates(RunFolder folder, RunConfig config) throws IOException {
    RunStages stages;
    try {
      stages = RunStages.of(config, folder, Tasks.open(config.task(), config.seed()));
    } catch (IllegalArgumentException | IOException unreadable) {
      System.out.println("what is left is not known: " + unreadable.getMessage());
      return;
    }
    List<String> states = stages.states();
    for (int t = 1; t <= states.size(); t++) {
      System.out.println("iteration " + t + "  " + states.get(t - 1));
    }
  }
}
