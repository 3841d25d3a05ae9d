package dev.irpo.reward;

import java.util.List;
import java.util.Optional;

/// Exact match of canonical texts: every grader says which text is read and what its one canonical
/// form is, and two answers are equal when those forms are.
///
/// So equality is the same for grading and for votes, and takes one reading of each text.
abstract sealed class ExactMatch implements Grader permits NumberGrader, MathGrader, LetterGrader {
  private final String kind;
  private final GraderVersion version;

  ExactMatch(String kind, GraderVersion version) {
    this.kind = kind;
    this.version = version;
  }

  @Override
  public final String name() {
    return version.name(kind);
  }

  final GraderVersion version() {
    return version;
  }

  /// What an answer must be, with its article, for instance `one number`.
  abstract String form();

  /// The canonical form of a text, or empty if it is no answer.
  abstract Optional<String> canonical(String text, List<String> options);

  /// The text that is read.
  TakenText take(String response) {
    return switch (version) {
      case V1 -> TakenText.of(FinalAnswer.textOf(response), TakenText.Place.FINAL_ANSWER);
      case V2 -> AnswerText.of(response, false);
    };
  }

  @Override
  public final Grade grade(String response, Gold gold) {
    String known = known(gold);
    TakenText taken = take(response);
    Optional<String> found = canonical(taken.text(), gold.options());
    boolean correct = found.filter(known::equals).isPresent();
    return new Grade(found, correct ? 1 : 0, taken, why(taken, found, known));
  }

  @Override
  public final void requireReadable(Gold gold) {
    known(gold);
  }

  private String known(Gold gold) {
    return canonical(gold.answer(), gold.options())
        .orElseThrow(() ->
            new UnreadableGold(
                "the gold answer '%s' is not %s; %s compares nothing else"
                    .formatted(gold.answer(), form(), name())));
  }

  private String why(TakenText taken, Optional<String> found, String known) {
    if (taken.place() == TakenText.Place.NONE) {
      return "the response gives no answer";
    }
    return found
        .map(answer ->
            answer.equals(known)
                ? answer + " is the gold answer"
                : "%s is not the gold answer %s".formatted(answer, known))
        .orElseGet(() -> "the text %s is not %s".formatted(taken.place().words(), form()));
  }
}
