package dev.irpo.reward;

/// Rewards a response: R(y_i, y) of the paper (arXiv:2404.19733, section 2).
///
/// The graders of this package compare final answers; any other class may run unit tests, ask
/// another model or count steps. Configuration names a grader of the list in [Graders], or a public
/// class on the class path with a public constructor without parameters. A grader is used by one
/// thread, and the same response must get the same grade every time, or a resumed run differs from
/// an uninterrupted one.
public interface Grader {
  /// Name with a version, stored beside every reward; a rule that changes gets a new version.
  String name();

  /// The grade of a response; one without a readable answer gets reward 0, never an error.
  ///
  /// @throws UnreadableGold if nothing can be compared with this gold answer
  Grade grade(String response, Gold gold);

  /// The same for a free question of which the answer alone is known.
  default Grade grade(String response, String answer) {
    return grade(response, Gold.of(answer));
  }

  /// Refuses a gold answer that no response could be compared with, when problems are read and
  /// nothing is computed yet; takes any unless a grader says otherwise.
  ///
  /// @throws UnreadableGold saying what is wrong with the answer
  default void requireReadable(Gold gold) {}
}
