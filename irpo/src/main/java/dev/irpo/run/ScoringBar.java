package dev.irpo.run;

import dev.irpo.pair.ReferenceScorer;

/// Shows how far a scorer is. It appears with the first scores, since nobody knows before how many
/// there are, or whether there are any.
public final class ScoringBar implements ReferenceScorer.Listener, AutoCloseable {
  private final Progress progress;
  private final String stage;
  private Progress.Bar bar;

  /// @param stage its name
  public ScoringBar(Progress progress, String stage) {
    this.progress = progress;
    this.stage = stage;
  }

  /// Shows this process's share, which is as large as that of the others.
  @Override
  public void scored(int scored, int own) {
    if (bar == null) {
      bar = progress.begin(stage, own);
    }
    bar.at(scored, "");
    if (scored == own) {
      close(); // another may be asked for
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
