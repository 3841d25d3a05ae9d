package dev.irpo.experiment;

import dev.irpo.evaluate.PassRate;
import dev.irpo.experiment.ExperimentFile.Claim;
import dev.irpo.experiment.ExperimentFile.Figure;
import dev.irpo.experiment.ExperimentFile.Protocol;
import dev.irpo.experiment.ExperimentFile.Row;
import dev.irpo.run.Evaluation;
import dev.irpo.run.MeasuredLogProbs.AtStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/// The tables of an experiment.
record Results(ExperimentFile file, List<Outcome> outcomes) {
  private Optional<Outcome> outcome(long seed, Protocol protocol, String recipe) {
    return outcomes.stream()
        .filter(outcome ->
            outcome.seed() == seed
                && outcome.protocol().equals(protocol.name())
                && outcome.recipe().equals(recipe))
        .findFirst();
  }

  private Optional<Evaluation> evaluation(long seed, Protocol protocol, ModelRef model) {
    return outcome(seed, protocol, model.recipe())
        .map(outcome -> outcome.evaluations().get(model.iteration()));
  }

  private OptionalDouble measured(long seed, Protocol protocol, ModelRef model, Measure measure) {
    return outcome(seed, protocol, model.recipe())
        .map(outcome -> measure.of(outcome, model.iteration()))
        .orElseGet(OptionalDouble::empty);
  }

  private List<Double> draws(Protocol protocol, ModelRef model, Measure measure) {
    return file.seeds().stream()
        .flatMap(seed -> measured(seed, protocol, model, measure).stream().boxed())
        .toList();
  }

  /// The tables for people.
  String markdown() {
    StringBuilder text = new StringBuilder("# " + file.title() + "\n\n");
    text.append(
        "Percent of right answers, mean of %d draws ± standard error over draws (over problems).\n\n"
            .formatted(file.seeds().size()));
    text.append(accuracies());
    if (!measuredKs().isEmpty()) {
      text.append("\npass@k: at least one of k samples is right, percent.\n\n").append(passRates());
    }
    for (Figure figure : file.figures()) {
      text.append(
          "\n%s: mean log-probability of %s pairs in nats, from the first step to the last.\n\n"
              .formatted(figure.title(), measuredPairs()));
      text.append(curves(figure));
    }
    if (!file.claims().isEmpty()) {
      text.append(
          "\nDifferences in points, of log-probabilities in nats, paired by draw, with the interval that holds the mean of"
              + " 95 of 100 such experiments (Student).\n\n");
      text.append(claims());
    }
    if (file.protocols().stream().anyMatch(protocol -> !protocol.choose().isEmpty())) {
      text.append("\nSettings that did best on held-out problems, draw by draw.\n\n");
      text.append(choices());
    }
    return text.toString();
  }

  private String accuracies() {
    List<String> head = new ArrayList<>(List.of("method", "paper", "paper, vote"));
    for (Protocol protocol : file.protocols()) {
      head.add(protocol.name());
      head.add("vote");
    }
    MarkdownTable table = new MarkdownTable(head);
    for (Row row : file.rows()) {
      ModelRef model = ModelRef.parse(row.model());
      List<String> cells = new ArrayList<>();
      cells.add(row.title());
      cells.add(number(row.paper()));
      cells.add(number(row.paperVote()));
      for (Protocol protocol : file.protocols()) {
        cells.add(mean(protocol, model, Measure.GREEDY));
        cells.add(mean(protocol, model, Measure.MAJORITY));
      }
      table.add(cells);
    }
    return table.toString();
  }

  private static String number(Double value) {
    return value == null ? "" : String.format(Locale.ROOT, "%.1f", value);
  }

  private String mean(Protocol protocol, ModelRef model, Measure measure) {
    List<Double> values = draws(protocol, model, measure);
    double variance = 0;
    for (long seed : file.seeds()) {
      OptionalDouble value = measured(seed, protocol, model, measure);
      if (value.isPresent()) {
        int problems = evaluation(seed, protocol, model).orElseThrow().greedy().total();
        variance += value.getAsDouble() * (100 - value.getAsDouble()) / problems;
      }
    }
    if (values.isEmpty()) {
      return "";
    }
    Estimate estimate = Estimate.of(values);
    double overProblems = Math.sqrt(variance) / values.size();
    return estimate.draws() == 1
        ? String.format(Locale.ROOT, "%.1f (%.1f)", estimate.mean(), overProblems)
        : String.format(
            Locale.ROOT,
            "%.1f ± %.1f (%.1f)",
            estimate.mean(),
            estimate.standardError(),
            overProblems);
  }

  private List<Integer> measuredKs() {
    return outcomes.stream()
        .flatMap(outcome -> outcome.evaluations().stream())
        .filter(evaluation -> evaluation.passAt() != null)
        .flatMap(evaluation -> evaluation.passAt().stream())
        .map(PassRate::k)
        .distinct()
        .sorted()
        .toList();
  }

  private String passRates() {
    List<Integer> ks = measuredKs();
    List<String> head = new ArrayList<>(List.of("method", "protocol"));
    ks.forEach(k -> head.add("pass@" + k));
    MarkdownTable table = new MarkdownTable(head);
    for (Row row : file.rows()) {
      for (Protocol protocol : file.protocols()) {
        List<String> cells = new ArrayList<>(List.of(row.title(), protocol.name()));
        ks.forEach(k -> cells.add(passRate(protocol, ModelRef.parse(row.model()), k)));
        table.add(cells);
      }
    }
    return table.toString();
  }

  private String passRate(Protocol protocol, ModelRef model, int k) {
    List<Double> values =
        file.seeds().stream()
            .flatMap(seed -> evaluation(seed, protocol, model).stream())
            .filter(evaluation -> evaluation.passAt() != null)
            .flatMap(evaluation -> evaluation.passAt().stream())
            .filter(rate -> rate.k() == k)
            .map(rate -> 100 * rate.share())
            .toList();
    return values.isEmpty() ? "" : String.format(Locale.ROOT, "%.1f", Estimate.of(values).mean());
  }

  private String measuredPairs() {
    return outcomes.stream()
        .flatMap(outcome -> outcome.logProbs().stream())
        .map(logProbs -> String.valueOf(logProbs.pairs()))
        .distinct()
        .collect(Collectors.joining(" or "));
  }

  private String curves(Figure figure) {
    MarkdownTable table =
        new MarkdownTable(List.of("method", "protocol", "chosen", "lowest", "rejected", "lowest"));
    figure
        .curves()
        .forEach((name, recipe) -> {
          for (Protocol protocol : file.protocols()) {
            table.add(
                List.of(
                    name,
                    protocol.name(),
                    change(protocol, recipe, Measure.CHOSEN),
                    lowest(protocol, recipe, AtStep::chosen),
                    change(protocol, recipe, Measure.REJECTED),
                    lowest(protocol, recipe, AtStep::rejected)));
          }
        });
    return table.toString();
  }

  private String change(Protocol protocol, String recipe, Measure measure) {
    return "%s → %s"
        .formatted(
            nats(draws(protocol, new ModelRef(recipe, 0), measure)),
            nats(draws(protocol, new ModelRef(recipe, 1), measure)));
  }

  private String lowest(Protocol protocol, String recipe, ToDoubleFunction<AtStep> which) {
    return nats(
        file.seeds().stream()
            .flatMap(seed -> outcome(seed, protocol, recipe).stream())
            .filter(outcome -> !outcome.logProbs().isEmpty()) // --set evaluate.pairs=0
            .map(outcome ->
                outcome.logProbs().getFirst().steps().stream()
                    .mapToDouble(which)
                    .min()
                    .orElseThrow())
            .toList());
  }

  private static String nats(List<Double> draws) {
    return draws.isEmpty() ? "" : String.format(Locale.ROOT, "%.2f", Estimate.of(draws).mean());
  }

  private String claims() {
    List<String> head = new ArrayList<>(List.of("claim", "difference"));
    file.protocols().forEach(protocol -> head.add(protocol.name()));
    MarkdownTable table = new MarkdownTable(head);
    for (Claim claim : file.claims()) {
      List<String> cells = new ArrayList<>(List.of(claim.text(), claim.difference()));
      for (Protocol protocol : file.protocols()) {
        cells.add(verdict(claim, protocol));
      }
      table.add(cells);
    }
    return table.toString();
  }

  private String verdict(Claim claim, Protocol protocol) {
    Difference difference = Difference.parse(claim.difference());
    List<Double> values = new ArrayList<>();
    for (long seed : file.seeds()) {
      difference
          .of((model, measure) -> measured(seed, protocol, model, measure).orElse(Double.NaN))
          .ifPresent(values::add);
    }
    if (values.isEmpty()) {
      return "not measured";
    }
    Estimate estimate = Estimate.of(values);
    String words =
        claim.expect().verdict(estimate).name().toLowerCase(Locale.ROOT).replace('_', ' ');
    return estimate.draws() == 1
        ? String.format(Locale.ROOT, "%+.1f, %s", estimate.mean(), words)
        : String.format(
            Locale.ROOT,
            "%+.1f [%.1f, %.1f], %s",
            estimate.mean(),
            estimate.low(),
            estimate.high(),
            words);
  }

  private String choices() {
    List<String> head = new ArrayList<>(List.of("recipe"));
    file.seeds().forEach(seed -> head.add("seed " + seed));
    MarkdownTable table = new MarkdownTable(head);
    for (Protocol protocol : file.protocols()) {
      if (!protocol.choose().isEmpty()) {
        for (String recipe : file.recipes().keySet()) {
          List<String> cells = new ArrayList<>(List.of(recipe));
          for (long seed : file.seeds()) {
            cells.add(
                outcome(seed, protocol, recipe)
                    .map(outcome -> chosen(protocol, outcome.settings()))
                    .orElse(""));
          }
          table.add(cells);
        }
      }
    }
    return table.toString();
  }

  private static String chosen(Protocol protocol, Map<String, String> settings) {
    return String.join(
        ", ", protocol.choose().sequencedKeySet().stream().map(settings::get).toList());
  }
}
