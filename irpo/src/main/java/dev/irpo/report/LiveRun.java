package dev.irpo.report;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.FileStamp;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.run.NextStage;
import dev.irpo.train.ConfigFile;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// A run that may be running, for pages that are served. It is looked at only when a page asks, and
/// not more often than every few seconds however many ask; what has not changed is not read.
///
/// Whatever becomes of the folder meanwhile, pages keep what was read last and are told that it
/// cannot be read now.
final class LiveRun {
  private static final HexFormat HEX = HexFormat.of();

  private final Path root;
  private final String name;
  private final Duration pause;
  private final SecureRandom random = new SecureRandom();
  private long looked; // in nanoseconds
  private RunReader reader; // null before the first look
  private Optional<FileStamp> config = Optional.empty();
  private boolean isOther; // whether what the state holds is of another run
  private Changes changes = new Changes();
  private Optional<String> worker = Optional.empty();
  private LiveState state; // null before something was read
  private Now now = new Now(null, false, null, null);

  /// What the run is doing.
  ///
  /// @param stage that is done next; null where none is left or that is not known
  /// @param isKnown whether it is known what is left
  /// @param worker the process that works on it; null where none does
  /// @param problem why the folder cannot be read; null where it can
  record Now(NextStage stage, boolean isKnown, String worker, String problem) {}

  /// Where a page begins.
  ///
  /// @param after what it has
  private record Begin(String after, Now now) {}

  /// What is new to a page.
  ///
  /// @param cursor what it has once it was told
  /// @param now a line of JSON
  record News(List<LiveState.Event> events, Cursor cursor, String now) {}

  /// A run, of which nothing is read yet.
  ///
  /// @param name of the run on the page
  /// @param pause at least between two looks
  LiveRun(Path root, String name, Duration pause) {
    this.root = root;
    this.name = name;
    this.pause = pause;
  }

  String name() {
    return name;
  }

  /// The data of a page.
  ///
  /// @throws IOException saying why if the folder cannot be read, and could not before
  synchronized List<Block> page() throws IOException {
    look();
    if (state == null) {
      throw new IOException(now.problem);
    }
    List<Block> blocks = new ArrayList<>(state.blocks());
    blocks.add(Block.of("live", new Begin(state.cursor().toString(), now)));
    return blocks;
  }

  /// What is new to a page.
  synchronized News since(Cursor page) throws IOException {
    look();
    String line = Block.MAPPER.writeValueAsString(now);
    return state == null
        ? new News(List.of(), page, line)
        : new News(state.since(page), state.cursor(), line);
  }

  private void look() {
    long time = System.nanoTime();
    if (reader != null && time - looked < pause.toNanos()) {
      return;
    }
    looked = time;
    try {
      read();
    } catch (IOException | RuntimeException e) {
      changes = new Changes(); // to be read the next time
      String why = e.getMessage() == null ? e.toString() : e.getMessage();
      now = new Now(now.stage, now.isKnown, now.worker, why);
    }
  }

  private void read() throws IOException {
    Optional<FileStamp> configNow = FileStamp.of(root.resolve(ConfigFile.NAME));
    if (reader == null || !configNow.equals(config)) {
      isOther = true;
      reader = RunReader.open(root, name);
      config = configNow;
      changes = new Changes();
    }
    Optional<String> workerNow = FolderLock.worker(root);
    boolean isChanged = changes.areThere(reader.folders());
    if (isChanged || !workerNow.equals(worker)) {
      worker = workerNow;
      int each = Math.max(1, Report.MOST_ROLLOUTS / reader.mostTrainings());
      ReadRun read = reader.readOn(each, worker);
      if (state == null || isOther || !state.take(read)) {
        LiveState begun = new LiveState(HEX.toHexDigits(random.nextLong()));
        var _ = begun.take(read);
        state = begun;
        isOther = false;
      }
      now = now();
    }
  }

  private Now now() throws IOException {
    try {
      return new Now(reader.next().orElse(null), reader.knowsStages(), worker.orElse(null), null);
    } catch (DamagedException e) {
      return new Now(null, false, worker.orElse(null), null);
    }
  }
}
