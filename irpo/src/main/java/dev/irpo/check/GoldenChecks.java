package dev.irpo.check;

import dev.irpo.check.CheckRow.Compared;
import dev.irpo.check.CheckRow.Outcome;
import dev.irpo.check.GoldenValues.Greedy;
import dev.irpo.check.GoldenValues.ScoredPair;
import dev.irpo.check.GoldenValues.Step;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Values of the demo's model against those in the jar, within the bounds of the golden tests.
record GoldenChecks(CheckTarget target) implements PartCheck {
  /// Of a response's log-probability, relative to that of guessing each token: the golden tests'
  /// model, which was never trained, does that, and the demo's is surer of what it writes than its
  /// logits are exact.
  private static final double SCORE = 1e-6;

  /// What rounding may come to.
  ///
  /// @param first of the first step's loss, relative
  /// @param trajectory of later losses, and, relative, of the gradient's norm
  private record Bounds(double first, double trajectory) {
    static Bounds of(Backend backend) {
      return backend.name().equals("reference") ? new Bounds(2e-6, 2e-5) : new Bounds(1e-5, 1e-4);
    }
  }

  @Override
  public Optional<String> obstacle() {
    return target.roundsFactors()
        ? Optional.of(
            "products round their factors to TF32, and golden values are of single precision; use"
                + " --device-kernels cublas")
        : Optional.empty();
  }

  @Override
  public void run(CheckRows rows) throws IOException {
    GoldenValues golden = GoldenValues.read();
    try (Backend backend = target.start()) {
      LanguageModel model = DemoModel.open(backend);
      GoldenWork work = new GoldenWork(backend, model);
      for (int i = 0; i < golden.greedy().size(); i++) {
        Greedy greedy = golden.greedy().get(i);
        String sizes =
            "prompt %d, response %d".formatted(greedy.prompt().length, greedy.response().length);
        rows.attempt("greedy text " + (i + 1), sizes, () -> greedy(work, model, greedy));
      }
      for (int i = 0; i < golden.pairs().size(); i++) {
        ScoredPair pair = golden.pairs().get(i);
        String name = " log-probability " + (i + 1);
        score(rows, "chosen" + name, work, pair.prompt(), pair.chosen(), pair.chosenLogProb());
        score(
            rows, "rejected" + name, work, pair.prompt(), pair.rejected(), pair.rejectedLogProb());
      }
      steps(rows, work, golden, Bounds.of(backend));
    }
  }

  private static Outcome greedy(GoldenWork work, LanguageModel model, Greedy golden) {
    int[] found = work.greedy(golden.prompt());
    int same = Arrays.mismatch(found, golden.response());
    int differing = same < 0 ? 0 : golden.response().length - same;
    String text = model.text().tokenizer().decode(found);
    return new Compared(
        differing,
        0,
        "tokens from the first that differs: '%s', not '%s'".formatted(text, golden.text()));
  }

  private static void score(
      CheckRows rows, String name, GoldenWork work, int[] prompt, int[] response, double golden) {
    String sizes = "prompt %d, response %d".formatted(prompt.length, response.length);
    double guessing = response.length * Math.log(work.vocabSize());
    double bound = SCORE * Math.max(guessing, Math.abs(golden));
    rows.attempt(name, sizes, () -> compared(work.logProb(prompt, response), golden, bound));
  }

  private static void steps(CheckRows rows, GoldenWork work, GoldenValues golden, Bounds bounds) {
    List<Step> found = new ArrayList<>();
    String sizes = "%d pairs".formatted(golden.pairs().size());
    for (int i = 0; i < golden.steps().size(); i++) {
      int number = i;
      Step expected = golden.steps().get(i);
      double bound = i == 0 ? bounds.first * Math.abs(expected.loss()) : bounds.trajectory;
      rows.attempt(
          "loss of step " + (i + 1),
          sizes,
          () -> {
            if (found.isEmpty()) {
              found.addAll(work.steps(golden.pairs(), golden.steps().size()));
            }
            return compared(found.get(number).loss(), expected.loss(), bound);
          });
      if (found.isEmpty()) {
        return; // the steps themselves failed
      }
      rows.attempt(
          "gradient norm of step " + (i + 1),
          sizes,
          () ->
              compared(
                  found.get(number).gradNorm(),
                  expected.gradNorm(),
                  bounds.trajectory * expected.gradNorm()));
    }
  }

  private static Outcome compared(double found, double golden, double bound) {
    double difference = Math.abs(found - golden);
    return new Compared(
        Double.isFinite(difference) ? difference : Double.POSITIVE_INFINITY,
        bound,
        "%s, the golden value is %s".formatted(found, golden));
  }
}
