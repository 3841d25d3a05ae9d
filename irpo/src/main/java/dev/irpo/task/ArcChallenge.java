package dev.irpo.task;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.reward.Grader;
import dev.irpo.reward.GraderVersion;
import dev.irpo.reward.LetterGrader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Grade-school science with three to five options (Clark et al. 2018, arXiv:1803.05457), jsonl as
/// Hugging Face or AI2 gives it.
///
/// The prompt is the paper's (arXiv:2404.19733, appendix A.1). Options are lettered A to E in their
/// order, so keys 1 to 4 become A to D. There are no gold solutions.
public final class ArcChallenge implements Task {
  /// Name in configuration.
  public static final String NAME = "arc-challenge";

  private static final String INSTRUCTION =
      "Your task is to answer the question below. Give step by step reasoning before you answer,"
          + " and when you're ready to answer, conclude using the format"
          + " \"Final answer: (insert letter here)\"";
  private static final int FEWEST_OPTIONS = 3;
  private static final int MOST_OPTIONS = 5;

  private final ProblemFiles files;
  private final Grader grader;

  /// The task over these files, with the latest grader.
  public ArcChallenge(ProblemFiles files) {
    this(files, GraderVersion.LATEST);
  }

  /// The task over these files, with a certain grader.
  public ArcChallenge(ProblemFiles files, GraderVersion version) {
    this.files = files;
    grader = new LetterGrader(version);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Problem> problems(Split split) throws IOException {
    return files.problems(split, ArcChallenge::read);
  }

  private static List<Problem> read(Path file, String split) throws IOException {
    return ProblemJson.readLines(file, split, ArcChallenge::problem);
  }

  /// `question` is a text beside `choices` with lists `text` and `label` (Hugging Face), or has
  /// `stem` and a list `choices` of `text` and `label` (AI2).
  private static Problem problem(ProblemJson json, String defaultId) {
    JsonNode asked = json.json().path("question");
    List<String> texts = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    if (asked.isObject()) {
      for (JsonNode choice : asked.path("choices")) {
        texts.add(choice.path("text").asText().strip());
        labels.add(choice.path("label").asText());
      }
    } else {
      JsonNode choices = json.json().path("choices");
      choices.path("text").forEach(text -> texts.add(text.asText().strip()));
      choices.path("label").forEach(label -> labels.add(label.asText()));
    }
    requireOptions(json, texts, labels);
    int key = labels.indexOf(json.text("answerKey"));
    if (key < 0) {
      throw json.mistake(
          "answerKey is '%s', the options are %s; it must be one of them"
              .formatted(json.text("answerKey"), labels));
    }
    String question =
        asked.isObject()
            ? new ProblemJson(json.place(), json.number(), asked).text("stem")
            : json.text("question");
    return new Problem(
        json.optionalText("id").orElse(defaultId),
        question,
        LetterGrader.letter(key),
        Optional.empty(),
        List.copyOf(texts),
        Optional.empty());
  }

  private static void requireOptions(ProblemJson json, List<String> texts, List<String> labels) {
    int count = texts.size();
    if (count < FEWEST_OPTIONS || count > MOST_OPTIONS || labels.size() != count) {
      throw json.mistake(
          "%d options and %d labels; ARC has three to five of each"
              .formatted(count, labels.size()));
    }
    for (int i = 0; i < count; i++) {
      String label = labels.get(i);
      if (!label.equals(LetterGrader.letter(i)) && !label.equals(String.valueOf(i + 1))) {
        throw json.mistake("labels are %s; ARC has A, B, … or 1, 2, …".formatted(labels));
      }
      if (texts.get(i).isEmpty()) {
        throw json.mistake("option %s has no text; each needs one".formatted(label));
      }
    }
  }

  @Override
  public String prompt(Problem problem) {
    StringBuilder prompt = new StringBuilder(INSTRUCTION);
    prompt.append("\nQuestion: ").append(problem.question());
    for (int i = 0; i < problem.options().size(); i++) {
      prompt.append("\n(").append(LetterGrader.letter(i)).append(") ");
      prompt.append(problem.options().get(i));
    }
    return prompt.append("\nSolution:").toString();
  }

  @Override
  public Optional<String> goldResponse(Problem problem) {
    return Optional.empty();
  }

  @Override
  public Grader grader() {
    return grader;
  }
}
