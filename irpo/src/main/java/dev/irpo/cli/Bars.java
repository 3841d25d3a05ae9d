package dev.irpo.cli;

import dev.irpo.run.Progress;
import java.util.concurrent.atomic.AtomicBoolean;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Progress on standard error: bars on a terminal, else a log line at the end of each stage.
final class Bars implements Progress {
  private static final int NAME_WIDTH = 32;

  @Override
  public Bar begin(String stage, long total) {
    return isTerminal() ? new TerminalBar(stage, total) : new LoggedStage(stage);
  }

  @SuppressWarnings("SystemConsoleNull") // JDK 25 does return null where input is redirected
  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  /// The only one that needs a logger, whose start takes 30 ms.
  private static final class LoggedStage implements Bar {
    private static final Logger LOG = LoggerFactory.getLogger(Bars.class);

    private final String stage;
    private final long start = System.nanoTime();
    private final AtomicBoolean closed = new AtomicBoolean();
    private String message = "";

    LoggedStage(String stage) {
      this.stage = stage;
      LOG.debug("{} begins", stage);
    }

    @Override
    public void at(long done, String text) {
      message = text;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        double seconds = (System.nanoTime() - start) / 1e9;
        LOG.info("{}: {} s {}", stage, Math.round(seconds * 10) / 10.0, message);
      }
    }
  }

  private static final class TerminalBar implements Bar {
    private final ProgressBar bar;

    TerminalBar(String stage, long total) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(String.format("%-" + NAME_WIDTH + "s", stage))
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.UNICODE_BLOCK)
              .setUpdateIntervalMillis(200)
              .build();
    }

    @Override
    public void at(long done, String text) {
      bar.stepTo(done);
      bar.setExtraMessage(text);
    }

    @Override
    public void close() {
      bar.close();
    }
  }
}
