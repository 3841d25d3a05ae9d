package dev.irpo.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.plan.Units;
import dev.irpo.run.Progress;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicBoolean;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/// Progress on standard error, with rate, time left and what the stage says of itself: bars on a
/// terminal, else a line every [Pace#PERIOD_SECONDS] and at the end of each stage, or as
/// [LogFormat] says.
final class Bars implements Progress {
  private static final int NAME_WIDTH = 32;
  private static final long MEGABYTE = 1_000_000;

  /// What a stage counts.
  private enum Unit {
    ITEMS,
    BYTES
  }

  @Override
  public Bar begin(String stage, long total) {
    return begin(stage, total, Unit.ITEMS);
  }

  @Override
  public Bar beginBytes(String stage, long bytes) {
    return begin(stage, bytes, Unit.BYTES);
  }

  private static Bar begin(String stage, long total, Unit unit) {
    if (LogFormat.chosen() == LogFormat.JSON) {
      return new JsonStage(stage, total);
    }
    return isTerminal()
        ? new TerminalBar(stage, total, unit)
        : new LoggedStage(stage, total, unit, 0);
  }

  /// Begins a stage whose results are printed while it runs: lines alone, and none if it takes less
  /// than a second.
  ///
  /// @param total 0 if it is not known
  static Bar besideResults(String stage, long total) {
    return LogFormat.chosen() == LogFormat.JSON
        ? new JsonStage(stage, total)
        : new LoggedStage(stage, total, Unit.ITEMS, 1);
  }

  @SuppressWarnings("SystemConsoleNull") // JDK 25 does return null where input is redirected
  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  /// The only one that needs a logger, whose start takes 30 ms.
  private static final class LoggedStage implements Bar {
    private static final System.Logger LOG = System.getLogger(Bars.class.getName());

    private final String stage;
    private final Unit unit;
    private final double leastSeconds;
    private final Pace pace;
    private final AtomicBoolean closed = new AtomicBoolean();
    private String message = "";

    /// @param leastSeconds that it must have taken to have a line at its end
    LoggedStage(String stage, long total, Unit unit, double leastSeconds) {
      this.stage = stage;
      this.unit = unit;
      this.leastSeconds = leastSeconds;
      pace = new Pace(System::nanoTime, total);
    }

    @Override
    public void at(long done, String text) {
      message = text;
      if (pace.at(done)) {
        StringJoiner line = new StringJoiner(", ", stage + ": ", "");
        line.add(
            pace.total() > 0 ? "%d %%".formatted(100 * done / pace.total()) : String.valueOf(done));
        addRate(line);
        pace.secondsLeft().ifPresent(left -> line.add(Units.seconds(left) + " left"));
        addMessage(line);
        LOG.log(System.Logger.Level.INFO, line.toString());
      }
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true) && pace.seconds() >= leastSeconds) {
        StringJoiner line = new StringJoiner(", ", stage + ": ", "");
        line.add(String.format(Locale.ROOT, "%.1f s", pace.seconds()));
        addRate(line);
        addMessage(line);
        LOG.log(System.Logger.Level.INFO, line.toString());
      }
    }

    private void addRate(StringJoiner line) {
      pace.perSecond()
          .ifPresent(rate ->
              line.add(
                  unit == Unit.BYTES ? Units.bytes((long) rate) + "/s" : Units.perSecond(rate)));
    }

    private void addMessage(StringJoiner line) {
      if (!message.isEmpty()) {
        line.add(message);
      }
    }
  }

  /// Lines for programs.
  private static final class JsonStage implements Bar {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final String stage;
    private final Pace pace;
    private final AtomicBoolean closed = new AtomicBoolean();
    private String message = "";
    private Map<String, ? extends Number> metrics = Map.of();

    JsonStage(String stage, long total) {
      this.stage = stage;
      pace = new Pace(System::nanoTime, total);
      write("begin");
    }

    @Override
    public void at(long done, String text) {
      at(done, text, Map.of());
    }

    @Override
    public void at(long done, String text, Map<String, ? extends Number> numbers) {
      message = text;
      metrics = numbers;
      if (pace.at(done)) {
        write("progress");
      }
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        write("end");
      }
    }

    private void write(String event) {
      ObjectNode line = JsonLog.begin(System.Logger.Level.INFO.name());
      line.put("stage", stage).put("event", event);
      line.put("done", pace.done());
      if (pace.total() > 0) {
        line.put("total", pace.total());
      }
      line.put("seconds", Math.round(pace.seconds() * 1000) / 1000.0);
      pace.perSecond().ifPresent(rate -> line.put("perSecond", rate));
      pace.secondsLeft().ifPresent(left -> line.put("secondsLeft", left));
      line.put("message", message);
      line.set("metrics", MAPPER.valueToTree(metrics));
      JsonLog.write(line);
    }
  }

  private static final class TerminalBar implements Bar {
    private final ProgressBar bar;
    private boolean isReported;

    TerminalBar(String stage, long total, Unit unit) {
      ProgressBarBuilder builder =
          new ProgressBarBuilder()
              .setTaskName(String.format("%-" + NAME_WIDTH + "s", stage))
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.UNICODE_BLOCK)
              .showSpeed(new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)))
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .setUpdateIntervalMillis(200);
      bar = (unit == Unit.BYTES ? builder.setUnit(" MB", MEGABYTE) : builder).build();
    }

    @Override
    public void at(long done, String text) {
      bar.stepTo(done);
      bar.setExtraMessage(" " + text); // the rate comes before it
      if (!isReported) { // rate and time left count from here, as in Pace
        isReported = true;
        bar.pause();
        bar.resume();
      }
    }

    @Override
    public void close() {
      bar.close();
    }
  }
}
