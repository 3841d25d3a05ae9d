package dev.irpo.run;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.files.UnfinishedFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// M_0 of a run, copied from where the run began; a damaged one is copied again, if what is there
/// now is what it was.
public record StartModel(RunFolder folder) {
  private static final System.Logger LOG = System.getLogger(StartModel.class.getName());

  private Path path() {
    return folder.startModel();
  }

  /// Whether it has to be copied: it is not there, or was damaged and is now put aside, with a
  /// warning. Reads all its bytes.
  public boolean isWanted(SeenChecksums seen) throws IOException {
    if (!Files.exists(path())) {
      return true;
    }
    try {
      Manifest.require(path()).verifyChecksums(path(), seen);
      UnfinishedFolder.deleteJournal(path());
      return false;
    } catch (DamagedException e) {
      Path aside = DamagedFiles.putAside(path());
      LOG.log(
          System.Logger.Level.WARNING,
          "%s; kept as %s, copied again".formatted(e.fact(), aside.getFileName()));
      return true;
    }
  }

  /// Checks that the copy is what was damaged, if something was; another is deleted.
  ///
  /// @param source where it was copied from, as its user names it
  /// @throws IllegalArgumentException if it is another model
  public void requireSame(String source) throws IOException {
    Optional<Path> damaged = DamagedFiles.lastOf(path());
    if (damaged.isPresent() && !isSame(damaged.get())) {
      AtomicFiles.deleteFolder(path());
      throw new IllegalArgumentException(
          "%s: is damaged, and %s is another model; name the one that the run began with, or put a copy of %s back"
              .formatted(damaged.get(), source, path()));
    }
  }

  /// Where the damage is not in the manifest, the manifest is the same; else all others are.
  private boolean isSame(Path damaged) throws IOException {
    Manifest copy = Manifest.read(path());
    Path manifest = damaged.resolve(Manifest.FILE_NAME);
    Path ofCopy = path().resolve(Manifest.FILE_NAME);
    if (Files.exists(manifest) && Files.mismatch(manifest, ofCopy) < 0) {
      return true;
    }
    for (Map.Entry<String, Manifest.Entry> file : copy.files().entrySet()) {
      Path old = damaged.resolve(file.getKey());
      if (!Files.exists(old) || !Checksums.sha256(old).equals(file.getValue().sha256())) {
        return false;
      }
    }
    return true;
  }
}
