package dev.irpo.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A report in a browser: Debian's Chromium (`apt-get install chromium`), without which these tests
/// are skipped.
class ReportPageTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String READY = "document.documentElement?.dataset.ready === 'true'";

  @TempDir private static Path temporary;
  private static RunFolder run;
  private static Path file;
  private static Chromium chromium;

  @BeforeAll
  static void start() throws IOException {
    assumeTrue(Chromium.program().isPresent(), "no chromium is on the path");
    run = ReportedRun.of(temporary.resolve("run"), ReportedRun.CONFIG);
    file = Report.write(run.root());
    chromium = Chromium.start(temporary.resolve("profile"));
    chromium.look(1280, 800, "light");
  }

  @AfterAll
  static void stop() throws IOException {
    if (chromium != null) {
      chromium.close();
    }
  }

  /// Whatever a test did, the page has asked for nothing but itself.
  @AfterEach
  void requireNoRequestAndNoError() throws IOException {
    String opened = chromium.evaluate("location.href").asText();
    assertTrue(opened.startsWith(temporary.toUri().toString()), opened);
    List<String> requests = chromium.requests();
    List<String> problems = chromium.problems();
    chromium.forget();
    assertEquals(List.of(opened), requests);
    assertEquals(List.of(), problems);
  }

  private static void open(Path page) throws IOException {
    chromium.open(page.toUri(), READY);
  }

  /// What the line above the list says, once a search is over.
  private static String matches() throws IOException {
    chromium.waitFor("document.getElementById('matches').textContent.includes(' of ')");
    return chromium.evaluate("document.getElementById('matches').textContent").asText();
  }

  private static void choose(String id, String value, String event) throws IOException {
    var _ =
        chromium.evaluate(
            """
            (() => {
              const field = document.getElementById(%s);
              field.value = %s;
              document.getElementById('matches').textContent = '';
              field.dispatchEvent(new Event(%s));
            })()\
            """
                .formatted(text(id), text(value), text(event)));
  }

  /// As JavaScript writes it.
  private static String text(String value) {
    return MAPPER.getNodeFactory().textNode(value).toString();
  }

  @Test
  void chartsHoldTheNumbersOfTheMetrics() throws IOException {
    open(file);
    List<String> lines = Files.readAllLines(run.training(1).metrics());
    JsonNode first = MAPPER.readTree(lines.getFirst());
    for (String metric : List.of("loss", "dpo", "chosenLogProb", "gradNorm", "tokensPerSecond")) {
      JsonNode points =
          chromium.evaluate(
              "Chart.getChart(document.querySelector('[data-chart=\"metric:%s\"]')).data.datasets[0].data"
                  .formatted(metric));
      assertEquals(lines.size(), points.size());
      assertEquals(first.get(metric).asDouble(), points.get(0).get("y").asDouble(), metric);
      JsonNode last = MAPPER.readTree(lines.getLast());
      assertEquals(
          last.get(metric).asDouble(), points.get(lines.size() - 1).get("y").asDouble(), metric);
    }
    JsonNode measured = MAPPER.readTree(run.logProbs(1).toFile()).get("steps");
    JsonNode rejected =
        chromium.evaluate(
            "Chart.getChart(document.querySelector('[data-chart=\"measured:rejectedLogProb\"]'))"
                + ".data.datasets[0].data");
    assertEquals(measured.size(), rejected.size());
    for (int i = 0; i < measured.size(); i++) {
      assertEquals(measured.get(i).get("step").asInt(), rejected.get(i).get("x").asInt());
      assertEquals(measured.get(i).get("rejected").asDouble(), rejected.get(i).get("y").asDouble());
    }
    int charts = chromium.evaluate("document.querySelectorAll('#training canvas').length").asInt();
    assertEquals(
        first.size() - 2 + 2, charts, "each metric but step and checksum, and the same pairs'");
    assertEquals(
        List.of(file.toUri().toString()), chromium.requests().stream().distinct().toList());
    assertEquals(List.of(), chromium.problems());
  }

  @Test
  void theAccuracyChartHasErrorBarsAndThePapersCurve() throws IOException {
    open(file);
    JsonNode datasets =
        chromium.evaluate(
            "Chart.getChart(document.querySelector('[data-chart=accuracy]')).data.datasets.map("
                + "(d) => ({ label: d.label, y: d.data.map((p) => p.y) }))");
    JsonNode model = WrittenPage.read(file).run(0).get("evaluations").get(2).get("greedy");
    double percent = model.get("percent").asDouble();
    double error = model.get("standardError").asDouble();
    assertEquals(percent, datasets.get(0).get("y").get(2).asDouble());
    assertEquals(percent - error, datasets.get(1).get("y").get(2).get(0).asDouble(), 1e-9);
    assertEquals(percent + error, datasets.get(1).get("y").get(2).get(1).asDouble(), 1e-9);
    JsonNode paper = datasets.get(datasets.size() - 1);
    assertTrue(paper.get("label").asText().contains("Llama-2-70B-chat"));
    assertEquals("[55.6,73.1,78,81.1,81.6]", paper.get("y").toString());
  }

  @Test
  void rolloutsAreFilteredAndSearched() throws IOException {
    open(file);
    List<Rollout> rollouts = new ArrayList<>();
    for (int t = 1; t <= 2; t++) {
      rollouts.addAll(TableReader.readAll(run.rollouts(t).part(0), Rollout::of));
      rollouts.addAll(TableReader.readAll(run.retrainRollouts(t).part(0), Rollout::of));
    }
    assertTrue(matches().startsWith("%d of %1$d rollouts".formatted(rollouts.size())), matches());
    choose("kind", "right", "change");
    long right = rollouts.stream().filter(rollout -> rollout.reward() == 1).count();
    assertTrue(matches().startsWith(right + " of " + rollouts.size()), matches());
    choose("of-training", "0/0", "change");
    long ofFirst =
        rollouts.stream()
            .limit(ReportedRun.PROBLEMS * ReportedRun.SAMPLES)
            .filter(rollout -> rollout.reward() == 1)
            .count();
    assertTrue(matches().startsWith(ofFirst + " of " + rollouts.size()), matches());
    choose("of-training", "", "change");
    choose("kind", "all", "change");
    String id = rollouts.get(7).problemId();
    choose("query", id.toUpperCase(Locale.ROOT), "input");
    long ofProblem = rollouts.stream().filter(rollout -> rollout.problemId().contains(id)).count();
    assertTrue(matches().startsWith(ofProblem + " of " + rollouts.size()), matches());
    var _ = chromium.evaluate("document.querySelector('#list .row').click()");
    String detail = chromium.evaluate("document.getElementById('detail').textContent").asText();
    assertTrue(detail.contains("Gold answer: "), detail);
    assertTrue(detail.contains(rollouts.get(7).text().strip()), detail);
    choose("query", "no rollout has this", "input");
    assertTrue(matches().startsWith("0 of " + rollouts.size()), matches());
  }

  @Test
  void pageFitsWideAndNarrowWindowsInLightAndDark() throws IOException {
    Path pictures = Files.createDirectories(Path.of("target/report-pictures"));
    for (String scheme : List.of("light", "dark")) {
      for (int[] size : new int[][] {{1280, 800}, {420, 900}}) {
        chromium.look(size[0], size[1], scheme);
        chromium.forget();
        open(file);
        chromium.picture(pictures.resolve("report-%s-%d.png".formatted(scheme, size[0])), true);
        assertTrue(
            chromium.evaluate("document.documentElement.scrollWidth <= innerWidth").asBoolean(),
            "the page is wider than " + size[0]);
        String back = chromium.evaluate("getComputedStyle(document.body).backgroundColor").asText();
        assertEquals(scheme.equals("light") ? "rgb(246, 246, 244)" : "rgb(20, 22, 26)", back);
      }
    }
    chromium.look(1280, 800, "light");
  }

  @Test
  void textsOfModelsAreShownAsTheyAre() throws IOException {
    String hostile = "</script><img src=x onerror=\"window.hit = 1\"><b>bold</b> &amp; {{data}}";
    Path page = temporary.resolve("hostile.html");
    Page.write(page, List.of(readRun(hostile, 3, 2)));
    open(page);
    String row = chromium.evaluate("document.querySelector('#list .second').textContent").asText();
    assertEquals(hostile, row);
    String read = chromium.evaluate("document.querySelector('#read .text').textContent").asText();
    assertEquals(hostile, read);
    assertEquals(0, chromium.evaluate("document.querySelectorAll('img, main b').length").asInt());
    assertTrue(chromium.evaluate("window.hit === undefined").asBoolean());
  }

  @Test
  void ofAHundredThousandRolloutsOnlyWhatIsSeenIsInTheDocument() throws IOException {
    Path page = temporary.resolve("many.html");
    Page.write(page, List.of(readRun("Sample of a chain of thought.", 10_000, 10)));
    open(page);
    assertEquals("100,000 of 100,000 rollouts, of 10,000 problems", matches());
    var _ = chromium.evaluate("document.getElementById('list').scrollTop = 5e6");
    chromium.waitFor("document.querySelector('#list .row').textContent.includes('problem-92')");
    assertTrue(chromium.evaluate("document.querySelectorAll('#list .row').length").asInt() < 60);
    choose("query", "problem-9999", "input");
    assertEquals("10 of 100,000 rollouts, of 1 problems", matches());
  }

  /// A run of one training whose every response has the same text.
  private static ReadRun readRun(String text, int problems, int samples) throws IOException {
    List<ShownProblem> shown = new ArrayList<>();
    List<List<ShownRollout>> rollouts = new ArrayList<>();
    for (int p = 0; p < problems; p++) {
      String id = "problem-" + p;
      shown.add(new ShownProblem(id, text, "72", text, List.of(), null));
      List<ShownRollout> ofProblem = new ArrayList<>();
      for (int s = 0; s < samples; s++) {
        ofProblem.add(new ShownRollout(id, s, text, text, 1, true, false, false, 9, -s - 0.5f));
      }
      rollouts.add(ofProblem);
    }
    RunData real = RunReader.open(run.root(), "run").read(Report.MOST_ROLLOUTS).data();
    TrainingData first = real.trainings().getFirst();
    TrainingData training =
        new TrainingData(
            text,
            1,
            0,
            false,
            1,
            first.rollouts(),
            first.counts(),
            first.promptsWithPair(),
            first.metrics(),
            first.measured(),
            List.of(),
            List.of(new TrainingData.ResponseToRead("problem-0", text, "72", 0, text, text)),
            problems);
    RunData data =
        new RunData(
            text,
            real.facts(),
            real.config(),
            real.yaml(),
            real.evaluations(),
            List.of(training),
            real.checks(),
            List.of(text));
    return new ReadRun(data, shown, List.of(new ShownRollouts(rollouts, List.of())));
  }
}
