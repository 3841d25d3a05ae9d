package dev.irpo.cli;

import dev.irpo.report.LiveReport;
import dev.irpo.report.WatchKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `irpo watch`.
@Command(
    name = "watch",
    mixinStandardHelpOptions = true,
    description = {
      "The page of irpo report while the run is running: serves it to browsers of this machine.",
      "The address holds a token, and stays the same from start to start. Ctrl-C ends it."
    })
final class WatchCommand implements Callable<Integer> {
  private static final int MOST_PORT = 65_535;

  @Parameters(index = "0", paramLabel = "RUN", description = "folder of irpo run or irpo demo")
  private Path run;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description =
          "address of this machine to serve at, 0.0.0.0 for all: whoever knows the token reads the"
              + " run then, and the network sees it; default: ${DEFAULT-VALUE}")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "0",
      description = "default: one that stays the same for a run, or any other where it is taken")
  private int port;

  @Override
  public Integer call() throws IOException {
    if (port < 0 || port > MOST_PORT) {
      throw new IllegalArgumentException(
          "--port is %d; use a whole number from 0 to %d".formatted(port, MOST_PORT));
    }
    try (LiveReport report = LiveReport.serve(run, host, port, key())) {
      System.out.println("watch: " + report.address() + " (Ctrl-C ends it)");
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  /// The user's, or one for this time.
  private static WatchKey key() {
    Path file = Path.of(System.getProperty("user.home"), ".irpo", "watch.key");
    try {
      return WatchKey.of(file);
    } catch (IOException e) {
      System.err.println(
          "irpo: the address will be another the next time: " + Main.describe(e).strip());
      return WatchKey.random();
    }
  }
}
