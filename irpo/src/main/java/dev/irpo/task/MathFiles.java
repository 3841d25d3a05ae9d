package dev.irpo.task;

import dev.irpo.reward.BoxedText;
import dev.irpo.reward.Grader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The published forms of MATH: a folder `SUBJECT/NUMBER.json` of one-problem files, or jsonl with
/// the fields `problem`, `solution`, `type` or `subject`, `answer`, `unique_id`.
///
/// A problem's id is its `unique_id`, which for a folder is made from split and file:
/// `train/algebra/24.json`. Where there is no `answer` it is the last box of the solution.
final class MathFiles {
  /// `\boxed 2`, as some published solutions have it.
  private static final Pattern BARE_BOX = Pattern.compile("\\\\boxed\\s+([^${\\s]+)");

  private MathFiles() {}

  static List<Problem> read(Path file, String split, Grader grader) throws IOException {
    if (!Files.isDirectory(file)) {
      return ProblemJson.readLines(
          file,
          split,
          (json, id) -> problem(json, json.optionalText("unique_id").orElse(id), grader));
    }
    List<Path> entries;
    try (Stream<Path> walk = Files.walk(file, 2)) {
      entries = walk.filter(entry -> entry.toString().endsWith(".json")).sorted().toList();
    }
    List<Problem> problems = new ArrayList<>();
    for (Path entry : entries) {
      String id = split + "/" + file.relativize(entry).toString().replace('\\', '/');
      problems.add(problem(ProblemJson.readWhole(entry), id, grader));
    }
    if (problems.isEmpty()) {
      throw new IllegalArgumentException(
          file + ": no problem in it; expected files like algebra/24.json");
    }
    return problems;
  }

  private static Problem problem(ProblemJson json, String id, Grader grader) {
    Optional<String> solution = json.optionalText("solution");
    String answer =
        json.optionalText("answer")
            .or(() -> solution.flatMap(MathFiles::boxed))
            .orElseThrow(() ->
                json.mistake("no 'answer', and no \\boxed{} in its 'solution'; one must be there"));
    Problem problem =
        new Problem(
            id,
            json.text("problem"),
            answer,
            solution,
            json.optionalText("type").or(() -> json.optionalText("subject")));
    return json.gradable(problem, grader);
  }

  private static Optional<String> boxed(String solution) {
    Optional<String> braced = BoxedText.last(solution).filter(text -> !text.isEmpty());
    Matcher bare = BARE_BOX.matcher(solution);
    return braced.isEmpty() && bare.find() ? Optional.of(bare.group(1)) : braced;
  }

  /// A number that mixes ids (FNV-1a, Fowler, Noll, Vo; then a finaliser of SplitMix64).
  static long mixed(String id) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : id.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ b) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
    return hash ^ (hash >>> 27);
  }
}
