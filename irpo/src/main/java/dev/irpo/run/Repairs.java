package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a run does about damaged files: whatever a stage can make again is put aside, with a
/// warning, and the run starts over, so that the stage finds it missing. This is the only place
/// that does so; whoever reads a file verifies it and throws [DamagedException], in all processes
/// of a group at once.
///
/// @param again what was put aside already: a disk that damages it once more is given up
record Repairs(RunFolder folder, List<Stage> stages, Session session, Set<Path> again) {
  private static final System.Logger LOG = System.getLogger(Repairs.class.getName());

  Repairs(RunFolder folder, List<Stage> stages, Session session) {
    this(folder, stages, session, new HashSet<>());
  }

  /// Does work that can be done over, until no file is in its way.
  ///
  /// @throws DamagedException of a file that no stage makes
  void repeat(Session.Work work) throws IOException {
    boolean isDone = false;
    while (!isDone) {
      try {
        work.run();
        isDone = true;
      } catch (DamagedException e) {
        session.first(() -> putAside(e));
      }
    }
  }

  private void putAside(DamagedException e) throws IOException {
    Path path = inFolder(e.path());
    Optional<Stage> maker = stages.stream().filter(stage -> stage.makes(path)).findFirst();
    if (maker.isEmpty() || !again.add(path)) {
      throw e;
    }
    Path aside = DamagedFiles.putAside(path);
    LOG.log(
        System.Logger.Level.WARNING,
        "%s; kept as %s, made again by '%s'"
            .formatted(e.fact(), aside.getFileName(), maker.get().name()));
  }

  /// The path as the folder names it, however it was reached.
  private Path inFolder(Path path) throws IOException {
    Path root = folder.root().toRealPath();
    Path real = path.toRealPath();
    return real.startsWith(root) ? folder.root().resolve(root.relativize(real)) : path;
  }
}
