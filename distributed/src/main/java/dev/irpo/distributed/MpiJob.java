package dev.irpo.distributed;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// This process's part in an MPI job, from joining it to leaving it. Of several groups in a process
/// all belong to the one job.
///
/// A process that ends without having left takes the job with it, however it ends: a hook of the
/// JVM's shutdown calls `MPI_Abort`; a killed one the launcher notices.
final class MpiJob {
  private static final System.Logger LOG = System.getLogger(MpiJob.class.getPackageName());
  private static final Duration ABORT_GRACE = Duration.ofSeconds(5);
  private static final Duration LEAVE_GRACE = Duration.ofSeconds(30);

  private final Watchdog watchdog;
  private final MpiThread thread;
  private final AtomicBoolean isOver = new AtomicBoolean();
  private Mpi mpi;
  private MpiRank world;
  private String host;
  private volatile String name;

  private MpiJob(Launch launch, Map<String, String> environment) {
    name = "a process of " + launch.launcher();
    int timeout = Watchdog.timeout(environment.getOrDefault(Watchdog.VARIABLE, ""));
    watchdog = new Watchdog(timeout, this::abort);
    thread = new MpiThread(watchdog);
  }

  /// Joins the job that a launcher started.
  ///
  /// @throws GroupFailure if there is no library, or it is not the launcher's
  static MpiJob join(Launch launch, Map<String, String> environment) {
    MpiJob job = new MpiJob(launch, environment);
    try {
      job.connect(launch, environment);
    } catch (GroupFailure e) {
      job.watchdog.dismiss();
      job.thread.stop();
      throw e;
    }
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(job::endUnlessOver));
    return job;
  }

  private void connect(Launch launch, Map<String, String> environment) {
    mpi = thread.join(() -> JvmSignals.keep(() -> Mpi.join(MpiLibrary.load(launch, environment))));
    world = thread.call(() -> MpiRank.of(mpi, mpi.world()));
    if (launch.size() > 0 && launch.size() != world.size()) {
      throw new GroupFailure(
          "%s started %,d processes, but %s sees %,d; set %s to the launcher's own library"
              .formatted(
                  launch.launcher(),
                  launch.size(),
                  mpi.libraryName(),
                  world.size(),
                  MpiLibrary.VARIABLE));
    }
    host = thread.call(mpi::host);
    name = "rank %d of %d on %s".formatted(world.rank(), world.size(), host);
  }

  Mpi mpi() {
    return mpi;
  }

  MpiThread thread() {
    return thread;
  }

  MpiRank world() {
    return world;
  }

  /// This process in messages.
  String name() {
    return name;
  }

  /// The machine that this process runs on.
  String host() {
    return host;
  }

  /// Ends the job, and so does not return.
  void abort(String reason) {
    LOG.log(System.Logger.Level.ERROR, name + ": " + reason);
    thread.abort();
    try {
      Thread.sleep(ABORT_GRACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(Watchdog.EXIT_CODE);
  }

  /// Leaves the job, when all ranks are done. Where the library does not come back from that, this
  /// process ends all the same, since nothing is lost.
  void leave() {
    try {
      thread.leave().get(LEAVE_GRACE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: all ranks are done, but MPI_Finalize has not returned for {1} s",
          name,
          LEAVE_GRACE.toSeconds());
    } catch (ExecutionException e) {
      throw new GroupFailure(name + " can't leave the job: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    isOver.set(true);
    watchdog.dismiss();
  }

  /// Gives the job up, unless this process has left it.
  void abandon() {
    if (!isOver.get()) {
      watchdog.abandon();
    }
  }

  private void endUnlessOver() {
    if (!isOver.get()) {
      abort("the process ends before its work is done, so the job ends");
    }
  }
}
