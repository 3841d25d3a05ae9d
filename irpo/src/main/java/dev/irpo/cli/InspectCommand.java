package dev.irpo.cli;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TensorSummary;
import dev.irpo.config.RunConfig;
import dev.irpo.model.ModelFiles;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      stored.verifyChecksums();
      System.out.println("format     " + stored.format().name());
      System.out.println("config     " + stored.config());
      Optional<Path> pieces = stored.tokenizerFile();
      String inside = stored.hasTokenizerInside() ? "inside the file" : "none";
      System.out.println("tokenizer  " + pieces.map(Path::toString).orElse(inside));
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

  private static void run(RunFolder folder) throws IOException {
    RunConfig config = RunConfig.load(Optional.of(folder.configFile()), List.of());
    System.out.println("run        " + folder.root());
    for (int t = 1; t <= config.iterations(); t++) {
      System.out.println("iteration " + t + "  " + state(folder, t));
    }
    System.out.print(RunReport.table(folder, config.iterations()));
  }

  private static String state(RunFolder folder, int iteration) throws IOException {
    if (Files.exists(folder.evaluation(iteration))) {
      return "finished";
    }
    if (Files.exists(folder.model(iteration))) {
      return "trained, not yet evaluated";
    }
    if (Files.exists(folder.chosen(iteration))) {
      return "in training again, with the held-out problems, last checkpoint at step "
          + folder.retraining(iteration).lastStep().orElse(0);
    }
    Optional<Integer> step = folder.training(iteration).lastStep();
    if (step.isPresent()) {
      return "in training, last checkpoint at step " + step.get();
    }
    if (Files.exists(folder.rollouts(iteration).pairs())) {
      return "pairs built, not yet trained";
    }
    return Files.exists(folder.iteration(iteration)) ? "sampling" : "not begun";
  }
}
