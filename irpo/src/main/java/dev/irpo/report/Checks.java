package dev.irpo.report;

import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.TrainItem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Looks for what usually goes wrong in preference optimisation. Whether a right answer came about
/// by a wrong chain nobody can compute; for that the page has responses to read.
///
/// @param loss what was minimised
/// @param perPrompt N, samples of a prompt
record Checks(Loss<?> loss, int perPrompt) {
  /// How far the loss at the first step may be from its value at policy = reference, where another
  /// backend sampled than trains.
  private static final double IDENTITY_TOLERANCE = 0.01;

  /// Steps at the beginning and at the end of a training that are compared: a part of all.
  private static final int PART = 5;

  private static final String FALL_LIMITS =
      "look where it falls by more than one standard error, alarm where by more than two";

  /// Shares of rollouts, or of prompts.
  ///
  /// @param look from where on somebody should look
  /// @param alarm from where on something is wrong
  private record Limits(double look, double alarm) {
    private static final Limits ANSWERS = new Limits(0.05, 0.2);
    private static final Limits DUPLICATES = new Limits(0.25, 0.5);
    private static final Limits PROMPTS = new Limits(0.6, 0.9);

    Check.Verdict of(double share) {
      return share > alarm
          ? Check.Verdict.ALARM
          : share > look ? Check.Verdict.LOOK : Check.Verdict.FINE;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "look above %.0f %%, alarm above %.0f %%", 100 * look, 100 * alarm);
    }
  }

  /// All checks, the worst first.
  List<Check> of(List<EvaluatedModel> models, List<TrainingData> trainings) {
    List<Check> checks = new ArrayList<>();
    for (TrainingData training : trainings) {
      if (!training.metrics().steps().isEmpty()) {
        beginsAtReference(training).ifPresent(checks::add);
        chosenFalls(training).ifPresent(checks::add);
        checks.add(badSteps(training));
      }
      if (training.rollouts() != null) {
        addShares(training, checks);
      }
    }
    for (int i = 1; i < models.size(); i++) {
      checks.add(accuracyFalls(models.get(i - 1), models.get(i)));
    }
    checks.sort(Comparator.comparing(Check::verdict)); // stable
    return checks;
  }

  private Optional<Check> beginsAtReference(TrainingData training) {
    return loss.atReference()
        .map(identity -> {
          String what =
              "%s of step 1, %s expected".formatted(identity.metric(), identity.formula());
          List<Double> column = training.metrics().columns().get(identity.metric());
          boolean isThere = training.metrics().steps().getFirst() == 1 && column != null;
          Double first = isThere ? column.getFirst() : null;
          String limits = "alarm where they differ by more than " + IDENTITY_TOLERANCE;
          if (first == null) {
            String fact = "the line of step 1 has no such number";
            return new Check(what, training.name(), Check.Verdict.UNKNOWN, fact, limits);
          }
          boolean isNear = Math.abs(first - identity.value()) <= IDENTITY_TOLERANCE;
          return new Check(
              what,
              training.name(),
              isNear ? Check.Verdict.FINE : Check.Verdict.ALARM,
              String.format(
                  Locale.ROOT, "%.6f, and %s is %.6f", first, identity.formula(), identity.value()),
              limits);
        });
  }

  /// A policy that makes the chosen responses less likely too unlearns what it should prefer.
  private static Optional<Check> chosenFalls(TrainingData training) {
    String metric = TrainItem.Pair.CHOSEN.name();
    return training
        .metrics()
        .finite(metric)
        .map(values -> {
          String what = "change of " + metric;
          int part = values.size() / PART;
          if (part < 2) {
            String fact = values.size() + " steps are too few to tell";
            return new Check(what, training.name(), Check.Verdict.UNKNOWN, fact, FALL_LIMITS);
          }
          Sample first = Sample.of(values.subList(0, part));
          Sample last = Sample.of(values.subList(values.size() - part, values.size()));
          double error = first.errorOfDifference(last);
          double change = last.mean() - first.mean();
          String fact =
              String.format(
                  Locale.ROOT,
                  "mean of the first %d steps %.2f, of the last %d %.2f: %+.2f ± %.2f",
                  part,
                  first.mean(),
                  part,
                  last.mean(),
                  change,
                  error);
          return new Check(what, training.name(), fallen(change, error), fact, FALL_LIMITS);
        });
  }

  private static Check.Verdict fallen(double change, double error) {
    return change < -2 * error
        ? Check.Verdict.ALARM
        : change < -error ? Check.Verdict.LOOK : Check.Verdict.FINE;
  }

  private static Check badSteps(TrainingData training) {
    int bad = training.metrics().finite("badSteps").orElse(List.of()).size();
    return new Check(
        "steps without a finite loss or gradient",
        training.name(),
        bad == 0 ? Check.Verdict.FINE : Check.Verdict.ALARM,
        "%d of %d steps were left out".formatted(bad, training.metrics().steps().size()),
        "alarm where one was left out");
  }

  private void addShares(TrainingData training, List<Check> checks) {
    RolloutCensus.Summary rollouts = training.rollouts();
    int all = rollouts.rollouts();
    String of = "of %d rollouts".formatted(all);
    checks.add(
        share(
            "answers that cannot be read",
            training,
            rollouts.withoutAnswer(),
            all,
            of + " have no answer",
            Limits.ANSWERS));
    checks.add(
        share(
            "responses cut off",
            training,
            rollouts.truncated(),
            all,
            of + " were cut off at the longest length",
            Limits.ANSWERS));
    if (perPrompt > 1) {
      checks.add(
          share(
              "duplicate samples",
              training,
              rollouts.duplicates(),
              all,
              of + " repeat an earlier sample of their problem",
              Limits.DUPLICATES));
    }
    if (training.counts() != null) {
      int dropped = training.counts().dropped().values().stream().mapToInt(n -> n).sum();
      int prompts = dropped + training.promptsWithPair();
      checks.add(
          share(
              "prompts without a pair",
              training,
              dropped,
              prompts,
              "of %d prompts give none (%s)".formatted(prompts, training.counts().droppedText()),
              Limits.PROMPTS));
    }
  }

  private static Check share(
      String what, TrainingData training, int count, int all, String fact, Limits limits) {
    double share = all == 0 ? 0 : (double) count / all;
    return new Check(
        what,
        training.name(),
        all == 0 ? Check.Verdict.UNKNOWN : limits.of(share),
        String.format(Locale.ROOT, "%.1f %%: %d %s", 100 * share, count, fact),
        limits.toString());
  }

  private static Check accuracyFalls(EvaluatedModel before, EvaluatedModel after) {
    double change = after.greedy().percent() - before.greedy().percent();
    double error = Math.hypot(after.greedy().standardError(), before.greedy().standardError());
    return new Check(
        "change of accuracy",
        "M_%d to M_%d".formatted(before.iteration(), after.iteration()),
        fallen(change, error),
        String.format(
            Locale.ROOT,
            "%.1f %% to %.1f %%, greedy: %+.1f ± %.1f",
            before.greedy().percent(),
            after.greedy().percent(),
            change,
            error),
        FALL_LIMITS);
  }
}
