package dev.irpo.cli;

import dev.irpo.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `irpo report`.
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "A run, or several side by side, as one HTML file that works offline and can be mailed.",
      "An unfinished run is reported as far as it is there."
    })
final class ReportCommand implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "RUN", description = "folders of irpo run or irpo demo")
  private List<Path> runs;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "default, of one run: RUN/" + Report.FILE_NAME)
  private Path out;

  @Option(
      names = "--rollouts",
      paramLabel = "N",
      defaultValue = "" + Report.MOST_ROLLOUTS,
      description =
          "most rollouts that the page shows, those of problems drawn at random where there are"
              + " more; its numbers are of all; default: ${DEFAULT-VALUE}")
  private int rollouts;

  @Override
  public Integer call() throws IOException {
    if (rollouts < 1) {
      throw new IllegalArgumentException(
          "--rollouts is %d; use a whole number from 1".formatted(rollouts));
    }
    if (out == null && runs.size() > 1) {
      throw new IllegalArgumentException(
          "--out: is needed for %d runs; name the file to write, for instance --out %s"
              .formatted(runs.size(), Report.FILE_NAME));
    }
    Path file = out == null ? runs.getFirst().resolve(Report.FILE_NAME) : out;
    Report.write(runs, file, rollouts);
    System.out.printf(
        "report: %s (%.1f MB)%n", file.toAbsolutePath().normalize(), Files.size(file) / 1e6);
    return 0;
  }
}
