package dev.irpo.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.run.RolloutCounts;
import dev.irpo.transformer.train.Loss;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ChecksTest {
  private static final Loss<?> IRPO = RunConfig.of(Preset.DEMO).loss().loss();

  private static Check.Verdict verdict(String what, TrainingData training) {
    return new Checks(IRPO, 4)
        .of(List.of(), List.of(training)).stream()
            .filter(check -> check.what().equals(what))
            .findFirst()
            .orElseThrow()
            .verdict();
  }

  private static TrainingData trained(String metric, double... values) {
    SequencedMap<String, List<Double>> columns = new LinkedHashMap<>();
    List<Integer> steps = new ArrayList<>();
    columns.put(metric, new ArrayList<>());
    for (double value : values) {
      steps.add(steps.size() + 1);
      columns.get(metric).add(Double.isNaN(value) ? null : value);
    }
    return training(new MetricColumns(steps, columns), null, null);
  }

  private static TrainingData training(
      MetricColumns metrics, RolloutCensus.Summary rollouts, RolloutCounts counts) {
    return new TrainingData(
        "iteration 1",
        1,
        0,
        false,
        0.8,
        rollouts,
        counts,
        10,
        metrics,
        new MetricColumns(),
        List.of(),
        List.of(),
        0);
  }

  /// 100 rollouts.
  private static TrainingData sampled(int withoutAnswer, int truncated, int duplicates) {
    return training(
        new MetricColumns(List.of(), new LinkedHashMap<>()),
        new RolloutCensus.Summary(
            25,
            100,
            50,
            withoutAnswer,
            truncated,
            duplicates,
            new TreeMap<>(),
            new TreeMap<>(),
            new TreeSet<>()),
        null);
  }

  @Test
  void aFirstStepThatIsNotAtTheReferenceIsAnAlarm() {
    String what = "dpo of step 1, ln 2 expected";
    assertEquals(Check.Verdict.FINE, verdict(what, trained("dpo", 0.693147, 0.5)));
    assertEquals(Check.Verdict.ALARM, verdict(what, trained("dpo", 0.71, 0.5)));
    assertEquals(Check.Verdict.ALARM, verdict(what, trained("dpo", 0.67, 0.5)));
    assertEquals(Check.Verdict.UNKNOWN, verdict(what, trained("dpo", Double.NaN, 0.69)));
    assertEquals(Check.Verdict.UNKNOWN, verdict(what, trained("loss", 0.693147)));
  }

  @Test
  void chosenResponsesThatBecomeLessLikelyAreAnAlarm() {
    String what = "change of chosenLogProb";
    double[] falling = new double[50];
    double[] noise = new double[50];
    double[] rising = new double[50];
    for (int i = 0; i < 50; i++) {
      noise[i] = i % 2;
      falling[i] = noise[i] - i;
      rising[i] = noise[i] + i;
    }
    assertEquals(Check.Verdict.ALARM, verdict(what, trained("chosenLogProb", falling)));
    assertEquals(Check.Verdict.FINE, verdict(what, trained("chosenLogProb", noise)));
    assertEquals(Check.Verdict.FINE, verdict(what, trained("chosenLogProb", rising)));
    assertEquals(Check.Verdict.UNKNOWN, verdict(what, trained("chosenLogProb", -1, -2, -3)));
  }

  @Test
  void stepsThatWereLeftOutAreAnAlarm() {
    String what = "steps without a finite loss or gradient";
    assertEquals(Check.Verdict.FINE, verdict(what, trained("loss", 1, 2)));
    assertEquals(Check.Verdict.ALARM, verdict(what, trained("badSteps", Double.NaN, 1)));
  }

  @Test
  void sharesOfRolloutsHaveTheirLimits() {
    String answers = "answers that cannot be read";
    assertEquals(Check.Verdict.FINE, verdict(answers, sampled(5, 0, 0)));
    assertEquals(Check.Verdict.LOOK, verdict(answers, sampled(6, 0, 0)));
    assertEquals(Check.Verdict.ALARM, verdict(answers, sampled(21, 0, 0)));
    String cutOff = "responses cut off";
    assertEquals(Check.Verdict.FINE, verdict(cutOff, sampled(0, 5, 0)));
    assertEquals(Check.Verdict.ALARM, verdict(cutOff, sampled(0, 21, 0)));
    String duplicates = "duplicate samples";
    assertEquals(Check.Verdict.FINE, verdict(duplicates, sampled(0, 0, 25)));
    assertEquals(Check.Verdict.LOOK, verdict(duplicates, sampled(0, 0, 26)));
    assertEquals(Check.Verdict.ALARM, verdict(duplicates, sampled(0, 0, 51)));
  }

  @Test
  void promptsWithoutPairsAreCounted() {
    TreeMap<String, Integer> dropped = new TreeMap<>();
    dropped.put("no-winner", 91);
    RolloutCounts counts = new RolloutCounts(400, 0, 20, 0, dropped);
    TrainingData training =
        training(sampled(0, 0, 0).metrics(), sampled(0, 0, 0).rollouts(), counts);
    assertEquals(Check.Verdict.ALARM, verdict("prompts without a pair", training));
  }

  @Test
  void anAccuracyThatFallsIsAnAlarmAndTheWorstComesFirst() {
    List<Check> checks =
        new Checks(IRPO, 4)
            .of(List.of(model(0, 60), model(1, 62), model(2, 30)), List.of(sampled(6, 0, 0)));
    assertEquals("M_1 to M_2", checks.getFirst().where());
    assertEquals(Check.Verdict.ALARM, checks.getFirst().verdict());
    assertEquals(Check.Verdict.LOOK, checks.get(1).verdict());
    assertEquals(Check.Verdict.FINE, checks.getLast().verdict());
  }

  private static EvaluatedModel model(int iteration, double percent) {
    return new EvaluatedModel(
        iteration, new EvaluatedModel.Share((int) percent, 100, percent, 4.5), null, 0);
  }
}
