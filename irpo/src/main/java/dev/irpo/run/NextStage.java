package dev.irpo.run;

/// The first stage of a run that is not done, which is what a process that works on the run does.
///
/// @param name as progress shows it
/// @param number among all stages, from 1
/// @param stages how many there are
/// @param left how many must still run, this one among them
/// @param count how far it is; null where the folder does not tell
public record NextStage(String name, int number, int stages, int left, Count count) {
  /// How far a stage is, told from its files.
  ///
  /// @param done a lower bound: what a process has not written yet is not counted
  /// @param unit what is counted, for people
  public record Count(long done, long total, String unit) {
    public Count {
      done = Math.min(done, total); // files of an earlier attempt may have more
    }
  }
}
