package dev.irpo.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.pair.PreferencePair;
import dev.irpo.provenance.ProgramStart;
import dev.irpo.provenance.StartsFile;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.Evaluation;
import dev.irpo.run.Progress;
import dev.irpo.run.RunFolder;
import dev.irpo.transformer.LogProbs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a report holds of real runs, finished, unfinished and damaged.
class ReportTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final int ROLLOUTS = ReportedRun.PROBLEMS * ReportedRun.SAMPLES;

  @TempDir private static Path runs;
  private static RunFolder run;
  private static WrittenPage page;

  @TempDir private Path temporary;

  @BeforeAll
  static void run() throws IOException {
    run = ReportedRun.of(runs.resolve("whole"), ReportedRun.CONFIG);
    page = WrittenPage.read(Report.write(run.root()));
  }

  private WrittenPage written(RunFolder folder) throws IOException {
    return written(List.of(folder), Report.MOST_ROLLOUTS);
  }

  private WrittenPage written(List<RunFolder> folders, int mostRollouts) throws IOException {
    Path file = temporary.resolve("report.html");
    Report.write(folders.stream().map(RunFolder::root).toList(), file, mostRollouts);
    return WrittenPage.read(file);
  }

  private RunFolder copy() throws IOException {
    return ReportedRun.copy(run, temporary.resolve("copy"));
  }

  private static int problems(JsonNode training) {
    return training.get("isSecond").asBoolean() ? ReportedRun.HELD_OUT : ReportedRun.PROBLEMS;
  }

  private static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 4;
    Files.write(file, bytes);
  }

  @Test
  void accuraciesAreThoseOfTheEvaluations() throws IOException {
    JsonNode models = page.run(0).get("evaluations");
    assertEquals(3, models.size());
    for (int t = 0; t < 3; t++) {
      Evaluation evaluation = RunFolder.readJson(run.evaluation(t), Evaluation.class);
      JsonNode model = models.get(t);
      assertEquals(t, model.get("iteration").asInt());
      assertEquals(evaluation.greedy().correct(), model.get("greedy").get("correct").asInt());
      double percent = model.get("greedy").get("percent").asDouble();
      assertEquals(100 * evaluation.greedy().share(), percent);
      assertEquals(
          Math.sqrt(percent * (100 - percent) / 6),
          model.get("greedy").get("standardError").asDouble(),
          1e-9);
      assertEquals(evaluation.majority().correct(), model.get("majority").get("correct").asInt());
    }
  }

  @Test
  void everyMetricOfEveryLineIsThere() throws IOException {
    assertEquals(4, page.run(0).get("trainings").size());
    List<Path> files = new ArrayList<>();
    for (int t = 1; t <= 2; t++) {
      files.add(run.training(t).metrics());
      files.add(run.retraining(t).metrics());
    }
    for (int i = 0; i < files.size(); i++) {
      JsonNode metrics = page.training(i).get("metrics");
      List<String> lines = Files.readAllLines(files.get(i));
      assertEquals(lines.size(), metrics.get("steps").size());
      for (int step = 0; step < lines.size(); step++) {
        JsonNode line = MAPPER.readTree(lines.get(step));
        assertEquals(line.get("step").asInt(), metrics.get("steps").get(step).asInt());
        for (Map.Entry<String, JsonNode> metric : line.properties()) {
          if (!Set.of("step", "crc32c").contains(metric.getKey())) {
            JsonNode column = metrics.get("columns").get(metric.getKey());
            assertEquals(
                metric.getValue().asDouble(), column.get(step).asDouble(), metric.getKey());
          }
        }
      }
    }
    assertTrue(page.training(0).get("metrics").get("columns").has("rewardAccuracy"));
  }

  @Test
  void everyRolloutIsThereWithItsAnswerGradeAndLogProbability() throws IOException {
    List<Rollout> rollouts = TableReader.readAll(run.rollouts(1).part(0), Rollout::of);
    JsonNode block = page.rollouts().getFirst();
    assertEquals(ROLLOUTS, rollouts.size());
    assertEquals(ROLLOUTS, block.get("sample").size());
    JsonNode problems = page.problems().getFirst().get("problems");
    int right = 0;
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < rollouts.size(); i++) {
      Rollout rollout = rollouts.get(i);
      JsonNode problem = problems.get(block.get("problem").get(i).asInt());
      assertEquals(rollout.problemId(), problem.get("id").asText());
      assertTrue(problem.get("question").asText().contains("How "), problem.toString());
      assertEquals(rollout.sample(), block.get("sample").get(i).asInt());
      assertEquals(rollout.text(), block.get("text").get(i).asText());
      assertEquals(rollout.extracted().orElse(null), block.get("answer").get(i).textValue());
      assertEquals(LogProbs.sum(rollout.tokenLogProbs()), block.get("logProb").get(i).floatValue());
      int isRight = block.get("flags").get(i).asInt() & RolloutBlock.RIGHT;
      assertEquals(rollout.reward() == 1 ? 1 : 0, isRight);
      right += isRight;
      boolean isNew = seen.add(rollout.problemId() + Arrays.toString(rollout.responseIds()));
      assertEquals(!isNew, (block.get("flags").get(i).asInt() & RolloutBlock.DUPLICATE) != 0);
    }
    assertEquals(right, page.training(0).get("rollouts").get("right").asInt());
    int duplicates = page.training(0).get("rollouts").get("duplicates").asInt();
    assertEquals(ROLLOUTS - seen.size(), duplicates);
    assertTrue(duplicates > 0, "the demo's model repeats itself");
    assertEquals(right, page.training(0).get("counts").get("correct").asInt());
    assertTrue(right > 0 && right < ROLLOUTS, "the demo's model has both right and wrong answers");
  }

  @Test
  void accuraciesOfCheckpointsAreThere() throws IOException {
    JsonNode heldOut = page.training(0).get("heldOut");
    assertEquals(2, heldOut.size());
    for (int i = 0; i < 2; i++) {
      int step = 5 * (i + 1);
      Accuracy accuracy = RunFolder.readJson(run.heldOut(1, step), Accuracy.class);
      assertEquals(step, heldOut.get(i).get("step").asInt());
      assertEquals(accuracy.correct(), heldOut.get(i).get("greedy").get("correct").asInt());
    }
    assertEquals(0, page.training(1).get("heldOut").size());
  }

  @Test
  void histogramsCountEveryResponseAndEveryProblem() {
    for (JsonNode training : page.run(0).get("trainings")) {
      JsonNode rollouts = training.get("rollouts");
      int responses = 0;
      for (JsonNode count : rollouts.get("lengths")) {
        responses += count.asInt();
      }
      assertEquals(rollouts.get("rollouts").asInt(), responses);
      int right = 0;
      int problems = 0;
      for (Map.Entry<String, JsonNode> bin : rollouts.get("rightOfProblem").properties()) {
        right += Integer.parseInt(bin.getKey()) * bin.getValue().asInt();
        problems += bin.getValue().asInt();
      }
      assertEquals(rollouts.get("right").asInt(), right);
      assertEquals(problems(training), problems);
    }
  }

  @Test
  void everyPairIsThereAndEveryPromptHasPairsOrAReason() throws IOException {
    List<PreferencePair> pairs = TableReader.readAll(run.rollouts(1).pairs(), PreferencePair::of);
    JsonNode problems = page.problems().getFirst().get("problems");
    Map<String, JsonNode> shown = new HashMap<>();
    for (JsonNode pair : page.rollouts().getFirst().get("pairs")) {
      String problem = problems.get(pair.get(0).asInt()).get("id").asText();
      shown.put(problem + " " + pair.get(1) + " " + pair.get(2), pair);
    }
    assertEquals(pairs.size(), page.rollouts().getFirst().get("pairs").size());
    for (PreferencePair pair : pairs) {
      JsonNode found =
          shown.get(pair.problemId() + " " + pair.chosenSample() + " " + pair.rejectedSample());
      assertEquals(pair.chosenReferenceLogProb(), found.get(3).floatValue());
      assertEquals(pair.rejectedReferenceLogProb(), found.get(4).floatValue());
    }
    for (JsonNode training : page.run(0).get("trainings")) {
      int prompts = training.get("promptsWithPair").asInt();
      for (JsonNode reason : training.get("counts").get("dropped")) {
        prompts += reason.asInt();
      }
      assertEquals(problems(training), prompts);
    }
  }

  @Test
  void whatIsNeededToRunItAgainIsThere() throws IOException {
    JsonNode facts = page.run(0).get("facts");
    assertEquals("1", facts.get("seed").asText());
    assertEquals("number-v2", facts.get("grader").asText());
    assertEquals("cpu", facts.get("backends").asText());
    ProgramStart start = StartsFile.in(run.root()).all().getFirst();
    assertEquals(start.machine(), facts.get("machine").asText());
    assertEquals("not from the jar", facts.get("version of the program").asText());
    assertEquals(start.time(), facts.get("starts of the program").asText());
    String manifest = Checksums.sha256(run.startModel().resolve("manifest.json"));
    assertEquals(manifest, facts.get("M_0, SHA-256 of its manifest").asText());
    assertEquals(ReportedRun.CONFIG.toYaml(), page.run(0).get("yaml").asText());
    assertEquals("[]", page.missing());
    assertFalse(page.html().contains("sourceMappingURL"), "a file beside the page");
  }

  @Test
  void trainingThatBeginsAtTheReferenceIsFine() {
    int checked = 0;
    for (JsonNode check : page.run(0).get("checks")) {
      if (check.get("what").asText().equals("dpo of step 1, ln 2 expected")) {
        assertEquals("FINE", check.get("verdict").asText(), check.toString());
        checked++;
      }
    }
    assertEquals(4, checked);
  }

  @Test
  void responsesToReadAreRightAndTheSameEachTime() throws IOException {
    JsonNode toRead = page.training(0).get("toRead");
    assertFalse(toRead.isEmpty());
    Set<String> problems = new TreeSet<>();
    for (JsonNode response : toRead) {
      assertEquals(response.get("gold").asText(), response.get("answer").asText());
      problems.add(response.get("problemId").asText());
    }
    assertEquals(toRead.size(), problems.size(), "one of a problem");
    assertEquals(toRead, written(run).training(0).get("toRead"));
  }

  @Test
  void theChartLibrarysLicenceIsInThePageAndInTheNotice() throws IOException {
    assertTrue(page.html().contains("Copyright (c) 2014-2024 Chart.js Contributors"));
    assertTrue(Files.readString(Path.of("../NOTICE")).contains("Chart.js"));
  }

  @Test
  void textsOfModelsNeverGetIntoTheHtml() throws IOException {
    String hostile =
        " </script><!--<script><img src=http://a.example onerror=alert(1)>{{data}}\u2028";
    RunFolder copy = copy();
    Path part = copy.rollouts(1).part(0);
    List<Rollout> changed = new ArrayList<>();
    for (Rollout rollout : TableReader.readAll(part, Rollout::of)) {
      changed.add(
          new Rollout(
              rollout.problem(),
              rollout.problemId(),
              rollout.sample(),
              rollout.promptIds(),
              rollout.responseIds(),
              rollout.tokenLogProbs(),
              hostile,
              rollout.finish(),
              Optional.of(hostile),
              rollout.reward(),
              rollout.grader()));
    }
    Files.delete(part);
    TableWriter.writeAll(part, Rollout.SCHEMA, changed);
    WrittenPage written = written(copy);
    assertEquals(hostile, written.rollouts().getFirst().get("text").get(0).asText());
    assertEquals(hostile, written.rollouts().getFirst().get("answer").get(0).asText());
    assertEquals(hostile, written.training(0).get("toRead").get(0).get("text").asText());
    assertEquals(page.html().replace("whole –", "copy –"), written.html());
  }

  @Test
  void theNameOfARunIsEscaped() throws IOException {
    RunFolder copy = ReportedRun.copy(run, temporary.resolve("<b>&{{data}}{{title}}"));
    WrittenPage written = written(copy);
    assertTrue(
        written.html().contains("<title>&lt;b&gt;&amp;{{data}}{{title}} – IRPO report</title>"));
    assertEquals("<b>&{{data}}{{title}}", written.run(0).get("name").asText());
  }

  @Test
  void runsOfTheSameNameAreToldApartByTheirPaths() throws IOException {
    Files.createDirectories(temporary.resolve("a"));
    RunFolder copy = ReportedRun.copy(run, temporary.resolve("a/whole"));
    WrittenPage written = written(List.of(run, copy), Report.MOST_ROLLOUTS);
    assertEquals(run.root().toString(), written.run(0).get("name").asText());
    assertEquals(copy.root().toString(), written.run(1).get("name").asText());
    assertEquals("[]", written.numbers().get("differences").toString());
  }

  @Test
  void runsSideBySideShowWhereTheirConfigurationsDiffer() throws IOException {
    RunFolder other =
        ReportedRun.of(
            temporary.resolve("other"),
            ReportedRun.CONFIG.with("iterations=1", "loss.kind=simpo", "seed=2", "train.steps=5"));
    WrittenPage written = written(List.of(run, other), Report.MOST_ROLLOUTS);
    assertEquals(2, written.numbers().get("runs").size());
    assertEquals(
        "[{\"key\":\"seed\",\"values\":[\"1\",\"2\"]},{\"key\":\"iterations\",\"values\":[\"2\",\"1\"]},"
            + "{\"key\":\"loss.kind\",\"values\":[\"irpo\",\"simpo\"]},"
            + "{\"key\":\"train.steps\",\"values\":[\"10\",\"5\"]}]",
        written.numbers().get("differences").toString());
    assertEquals(page.run(0).get("trainings"), written.run(0).get("trainings"));
    JsonNode metrics = written.run(1).get("trainings").get(0).get("metrics").get("columns");
    assertFalse(metrics.has("dpo"));
    assertTrue(metrics.has("chosenReward"));
    assertEquals(2, written.problems().size());
  }

  @Test
  void anUnfinishedRunIsReportedAsFarAsItIs() throws IOException {
    Progress stopping =
        (name, total) ->
            new Progress.Bar() {
              @Override
              public void at(long done, String message) {
                if (name.endsWith("iteration 2 sample") && done >= ROLLOUTS / 2) {
                  throw new IllegalStateException("stopped");
                }
              }

              @Override
              public void close() {}
            };
    RunFolder folder = new RunFolder(temporary.resolve("unfinished"));
    assertThrows(
        IllegalStateException.class,
        () -> ReportedRun.of(folder.root(), ReportedRun.CONFIG, stopping));
    WrittenPage written = written(folder);
    assertTrue(
        written.missing().contains("iteration 2: 10 stages left, next: "), written.missing());
    assertEquals(2, written.run(0).get("evaluations").size());
    assertEquals(3, written.run(0).get("trainings").size());
    JsonNode last = written.training(2);
    int sampled = last.get("rollouts").get("rollouts").asInt();
    assertTrue(sampled > 0 && sampled < ROLLOUTS, last.toString());
    assertEquals(sampled, written.shown(2));
    assertTrue(last.get("counts").isNull());
    assertEquals(0, last.get("metrics").get("steps").size());
  }

  @Test
  void aRunThatHasOnlyBegunIsReported() throws IOException {
    RunFolder folder = new RunFolder(temporary.resolve("begun"));
    folder.open(ReportedRun.CONFIG);
    WrittenPage written = written(folder);
    assertTrue(written.missing().contains("iteration 1: not begun"), written.missing());
    assertTrue(written.missing().contains("model-0: is not there"), written.missing());
    assertEquals(0, written.run(0).get("trainings").size());
  }

  @Test
  void damagedFilesAreNamedAndTheOthersReported() throws IOException {
    RunFolder copy = copy();
    damage(copy.rollouts(1).part(0));
    damage(copy.rollouts(2).pairs());
    damage(copy.evaluation(1));
    damage(copy.rollouts(1).counts());
    Path metrics = copy.training(2).metrics();
    List<String> lines = new ArrayList<>(Files.readAllLines(metrics));
    lines.set(6, lines.get(6).replace("loss", "lass"));
    Files.write(metrics, lines);
    WrittenPage written = written(copy);
    for (String file :
        List.of(
            "iteration-1/rollouts/part-00000.arrow",
            "iteration-2/pairs.arrow",
            "iteration-1/evaluation.json",
            "iteration-1/rollouts.json",
            "iteration-2/metrics.jsonl")) {
      assertTrue(written.missing().contains("\"" + file + ": "), file + " " + written.missing());
    }
    assertEquals(2, written.run(0).get("evaluations").size());
    assertTrue(written.training(0).get("rollouts").isNull());
    assertEquals(page.training(1), written.training(1));
    assertEquals(6, written.training(2).get("metrics").get("steps").size());
  }

  @Test
  void withoutTheTasksFilesQuestionsAreDecodedPrompts() throws IOException {
    RunFolder copy = copy();
    RunConfig elsewhere =
        ReportedRun.CONFIG.with(
            "task.name=custom",
            "task.trainFile=" + temporary.resolve("none.jsonl"),
            "task.testFile=" + temporary.resolve("none.jsonl"));
    Files.writeString(copy.configFile(), SummedText.yaml(elsewhere.toYaml()));
    WrittenPage written = written(copy);
    assertTrue(written.missing().contains("none.jsonl"), written.missing());
    JsonNode problem = written.problems().getFirst().get("problems").get(0);
    JsonNode known = page.problems().getFirst().get("problems").get(0);
    assertTrue(problem.get("gold").isNull());
    String prompt = problem.get("question").asText();
    assertTrue(prompt.contains(known.get("question").asText()), prompt);
    assertEquals(ROLLOUTS, written.shown(0));
  }

  @Test
  void ofManyRolloutsThoseOfTheSameProblemsAreShownInEachTraining() throws IOException {
    WrittenPage written = written(List.of(run), 4 * 12); // trainings, each three problems
    Set<String> first = new TreeSet<>();
    Set<String> third = new TreeSet<>();
    for (JsonNode block : written.rollouts()) {
      int training = block.get("training").asInt();
      Set<String> problems = training == 0 ? first : training == 2 ? third : new TreeSet<>();
      block.get("problem").forEach(problem -> problems.add(problem.asText()));
    }
    assertEquals(3, first.size());
    assertEquals(first, third);
    assertEquals(12, written.shown(0));
    assertEquals(3, written.training(0).get("shownProblems").asInt());
    assertEquals(
        page.training(0).get("rollouts"),
        written.training(0).get("rollouts"),
        "numbers are of all");
  }
}
