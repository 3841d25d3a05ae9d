package dev.irpo.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A page that is served, in a browser (see [ReportPageTest]).
class LivePageTest {
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final String READY = "document.documentElement?.dataset.ready === 'true'";
  private static final String LIVE =
      "document.querySelector('#live .badge').textContent === 'live'";
  private static final String POINTS =
      "Chart.getChart(document.querySelector('[data-chart=\"metric:loss\"]')).data.datasets[0].data.length";

  @TempDir private static Path shared;
  private static RunFolder whole;
  private static Chromium chromium;

  @TempDir private Path temporary;
  private final WatchKey key = WatchKey.random();
  private RunFolder run;
  private LiveReport server;
  private List<String> metrics;
  private byte[] pairs;

  @BeforeAll
  static void start() throws IOException {
    assumeTrue(Chromium.program().isPresent(), "no chromium is on the path");
    whole = ReportedRun.of(shared.resolve("whole"), ReportedRun.CONFIG);
    chromium = Chromium.start(shared.resolve("profile"));
  }

  @AfterAll
  static void stop() throws IOException {
    if (chromium != null) {
      chromium.close();
    }
  }

  /// A run whose first training is at step 4, and whose second iteration has neither pairs nor an
  /// evaluation.
  @BeforeEach
  void open() throws IOException {
    run = ReportedRun.copy(whole, temporary.resolve("run"));
    Path file = run.training(1).metrics();
    metrics = Files.readAllLines(file);
    Files.write(file, metrics.subList(0, 4));
    pairs = Files.readAllBytes(run.rollouts(2).pairs());
    Files.delete(run.rollouts(2).pairs());
    Files.delete(run.evaluation(2));
    server = LiveReport.serve(run.root(), "127.0.0.1", 0, key, PAUSE);
    chromium.look(1280, 800, "light");
    chromium.forget();
    chromium.open(server.address(), READY);
    chromium.waitFor(LIVE);
    var _ = chromium.evaluate("window.isSamePage = true");
  }

  @AfterEach
  void close() throws IOException {
    assertTrue(chromium.evaluate("window.isSamePage === true").asBoolean(), "it was reloaded");
    for (String request : chromium.requests()) {
      assertTrue(request.startsWith(server.address().toString()), request);
    }
    var _ = chromium.call("Page.navigate", Chromium.object("url", "about:blank"));
    server.close();
  }

  private void append(int line) throws IOException {
    Files.writeString(
        run.training(1).metrics(), metrics.get(line) + "\n", StandardOpenOption.APPEND);
  }

  private static String text(String expression) throws IOException {
    return chromium.evaluate(expression).asText();
  }

  private static void act(String script) throws IOException {
    var _ = chromium.evaluate("(() => { " + script + " })()");
  }

  private static void choose(String id, String value, String event) throws IOException {
    act(
        "const field = document.getElementById('%s'); field.value = '%s'; field.dispatchEvent(new Event('%s'))"
            .formatted(id, value, event));
  }

  /// All that somebody has set on the page, and where they look.
  private static String place() throws IOException {
    return text(
        """
        JSON.stringify({
          query: document.getElementById('query').value,
          kind: document.getElementById('kind').value,
          training: document.getElementById('of-training').value,
          smoothing: document.getElementById('smoothing').value,
          pressed: [...document.querySelectorAll('#training [aria-pressed]')].map((b) => b.ariaPressed),
          isHidden: Chart.getChart(document.querySelector('[data-chart="metric:loss"]')).isDatasetVisible(1),
          accuracy: Chart.getChart(document.querySelector('[data-chart=accuracy]')).isDatasetVisible(0),
          matches: document.getElementById('matches').textContent.split(' of ')[0],
          problem: document.querySelector('#detail h3').textContent,
          sample: document.querySelector('#detail .sample.selected strong').textContent,
          open: [...document.querySelectorAll('details')].filter((d) => d.open).map((d) => d.textContent.slice(0, 60)),
          list: document.getElementById('list').scrollTop,
          detail: document.getElementById('detail').scrollTop,
          top: Math.round(document.getElementById('browse').getBoundingClientRect().top),
          focus: document.activeElement.id,
        })\
        """);
  }

  private static void settle() throws IOException {
    choose("kind", "wrong", "change");
    choose("query", "e", "input");
    choose("of-training", "0/0", "change");
    choose("smoothing", "5", "change");
    act("document.querySelectorAll('#training .legend button')[1].click()");
    act(
        "const chart = Chart.getChart(document.querySelector('[data-chart=accuracy]')); Overview.toggle(chart, 0)");
    act("document.querySelectorAll('details').forEach((d) => { d.open = true; })");
    act("document.querySelector('#read details').open = false");
    act("document.getElementById('browse').scrollIntoView()");
    chromium.waitFor("document.getElementById('matches').textContent.includes(' of ')");
    act("document.getElementById('list').scrollTop = 70");
    act("document.querySelectorAll('#list .row')[3].click()");
    act("document.getElementById('detail').scrollTop = 90");
    act("document.getElementById('query').focus({ preventScroll: true })");
  }

  @Test
  void newLinesOfMetricsAreDrawnAndNothingElseMoves() throws IOException {
    assertEquals(4, chromium.evaluate(POINTS).asInt());
    settle();
    String before = place();
    append(4);
    chromium.waitFor(POINTS + " === 5");
    append(5);
    append(6);
    chromium.waitFor(POINTS + " === 7");
    assertEquals(before, place());
    double smoothed = chromium.evaluate(POINTS.replace(".length", "[6].y")).asDouble();
    double sum = 0;
    for (String line : metrics.subList(2, 7)) {
      sum += new ObjectMapper().readTree(line).get("loss").asDouble();
    }
    assertEquals(sum / 5, smoothed, 1e-9);
    assertEquals(List.of(), chromium.problems());
    assertEquals(2, chromium.requests().size(), "the page and its events");
  }

  @Test
  void newRolloutsAreAddedAndTheOpenProblemStays() throws IOException {
    settle();
    choose("of-training", "", "change");
    chromium.waitFor("document.getElementById('matches').textContent.includes(' of ')");
    String problem = text("document.querySelector('#detail h3').textContent");
    String shown = text("document.getElementById('matches').textContent.match(/ of ([0-9]+) /)[1]");
    act("document.getElementById('list').scrollTop = 70");
    Files.write(run.rollouts(2).pairs(), pairs);
    int all = Integer.parseInt(shown) + ReportedRun.PROBLEMS * ReportedRun.SAMPLES;
    chromium.waitFor(
        "document.getElementById('matches').textContent.includes(' of %d rollouts')"
            .formatted(all));
    assertEquals(problem, text("document.querySelector('#detail h3').textContent"));
    assertEquals("e", text("document.getElementById('query').value"));
    assertEquals("wrong", text("document.getElementById('kind').value"));
    assertEquals(70, chromium.evaluate("document.getElementById('list').scrollTop").asInt());
    assertEquals(
        List.of("iteration 1", "iteration 2"),
        List.of(
            text("[...document.querySelectorAll('#detail .legend button')].map((b) => b.textContent).join()")
                .split(",", -1)));
    choose("of-training", "0/2", "change");
    chromium.waitFor(
        "document.querySelector('#list .row')?.textContent.includes('M_1') && document.getElementById('matches').textContent.includes(' of ')");
    assertEquals(List.of(), chromium.problems());
  }

  @Test
  void thePageFindsItsServerAgain() throws IOException {
    settle();
    String before = place();
    server.close();
    chromium.waitFor("document.querySelector('#live .badge').textContent === 'not connected'");
    append(4);
    server = LiveReport.serve(run.root(), "127.0.0.1", 0, key, PAUSE);
    chromium.waitFor(LIVE);
    chromium.waitFor(POINTS + " === 5");
    assertEquals(before, place());
  }

  @Test
  void thePageSaysWhatTheRunDoesAndIsDarkWhereTheSystemIs() throws IOException {
    Path pictures = Files.createDirectories(Path.of("target/report-pictures"));
    String line = text("document.getElementById('live').textContent");
    assertTrue(line.startsWith("live stage 21 of 21: M_2 evaluate; no process works on it"), line);
    assertTrue(line.matches(".*updated \\d\\d:\\d\\d:\\d\\d"), line);
    for (String scheme : List.of("light", "dark")) {
      for (int[] size : new int[][] {{1280, 800}, {420, 900}}) {
        chromium.look(size[0], size[1], scheme);
        chromium.waitFor("innerWidth === " + size[0]);
        assertTrue(
            chromium.evaluate("document.documentElement.scrollWidth <= innerWidth").asBoolean(),
            "the page is wider than " + size[0]);
        chromium.picture(pictures.resolve("live-%s-%d.png".formatted(scheme, size[0])), false);
      }
    }
  }
}
