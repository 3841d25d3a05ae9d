package dev.irpo.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What the server of `irpo watch` answers, and what it tells of a run that is running or damaged.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LiveReportTest {
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final String LOCAL = "127.0.0.1";

  @TempDir private static Path runs;
  private static RunFolder whole;

  @TempDir private Path temporary;
  private final WatchKey key = WatchKey.random();
  private final HttpClient client = HttpClient.newHttpClient();
  private RunFolder run;
  private LiveReport server;

  @BeforeAll
  static void run() throws IOException {
    whole = ReportedRun.of(runs.resolve("whole"), ReportedRun.CONFIG);
  }

  @BeforeEach
  void serve() throws IOException {
    run = ReportedRun.copy(whole, temporary.resolve("run"));
    server = LiveReport.serve(run.root(), LOCAL, 0, key, PAUSE);
  }

  @AfterEach
  void close() {
    server.close();
    client.shutdownNow();
  }

  private HttpResponse<String> get(URI address) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
  }

  private WrittenPage page() throws IOException, InterruptedException {
    HttpResponse<String> response = get(server.address());
    assertEquals(200, response.statusCode(), response.body());
    Path file = Files.writeString(temporary.resolve("served.html"), response.body());
    return WrittenPage.read(file);
  }

  private EventStream events(String after) throws IOException, InterruptedException {
    return new EventStream(server.address(), after);
  }

  /// What a page that is opened now has.
  private String cursor() throws IOException, InterruptedException {
    return page().live().get("after").asText();
  }

  private static boolean isMetrics(EventStream.Event event) {
    return event.name().equals("metrics");
  }

  /// Leaves so many lines of the metrics of the first training.
  private List<String> cut(int lines) throws IOException {
    Path metrics = run.training(1).metrics();
    List<String> all = Files.readAllLines(metrics);
    Files.write(metrics, all.subList(0, lines));
    return all.subList(lines, all.size());
  }

  private void append(String text) throws IOException {
    Files.writeString(run.training(1).metrics(), text, StandardOpenOption.APPEND);
  }

  @Test
  void thePageIsThatOfTheReport() throws Exception {
    WrittenPage report = WrittenPage.read(Report.write(run.root()));
    WrittenPage served = page();
    ((ObjectNode) served.numbers()).remove("made");
    ((ObjectNode) report.numbers()).remove("made");
    assertEquals(report.numbers(), served.numbers());
    assertEquals(report.problems(), served.problems());
    assertEquals(report.rollouts(), served.rollouts());
  }

  @Test
  void onlyTheServedPageMayConnectAndOnlyToItsServer() throws Exception {
    String policy = "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src ";
    String served = page().html();
    String mailed = Files.readString(Report.write(run.root()));
    assertTrue(served.contains(policy) && mailed.contains(policy));
    assertTrue(served.contains("; connect-src 'self'\">"), "connections to the server");
    assertFalse(mailed.contains("connect-src"), "no connection");
    assertTrue(served.contains("new EventSource("));
    assertFalse(mailed.contains("EventSource"));
  }

  @Test
  void withoutItsTokenNothingIsServed() throws Exception {
    String token = server.address().getPath();
    List<String> paths =
        List.of(
            "/",
            "/events",
            "/report.html",
            token.substring(0, token.length() - 2) + "/",
            token.replaceFirst("/$", "x/"),
            "/%2e%2e" + token,
            token.substring(0, token.length() - 2) + "/events");
    for (String path : paths) {
      HttpResponse<String> response = get(server.address().resolve(path));
      assertEquals(403, response.statusCode(), path);
      assertTrue(response.body().startsWith("the address lacks its token"), response.body());
    }
    assertEquals(404, get(server.address().resolve("config.yaml")).statusCode());
    HttpRequest post =
        HttpRequest.newBuilder(server.address())
            .POST(HttpRequest.BodyPublishers.ofString("x"))
            .build();
    assertEquals(405, client.send(post, HttpResponse.BodyHandlers.ofString()).statusCode());
    HttpResponse<String> moved = get(server.address().resolve(token.replaceFirst("/$", "")));
    assertEquals(308, moved.statusCode());
    assertEquals(token, moved.headers().firstValue("Location").orElseThrow());
    HttpResponse<String> good = get(server.address());
    assertEquals(200, good.statusCode());
    assertEquals("no-store", good.headers().firstValue("Cache-Control").orElseThrow());
    assertEquals("no-referrer", good.headers().firstValue("Referrer-Policy").orElseThrow());
  }

  /// A browser that was led here by a name of somebody else's says that name.
  @Test
  void requestsForOtherNamesAreRefused() throws Exception {
    int port = server.address().getPort();
    for (String host :
        List.of("evil.example:" + port, "localhost.evil.example", "127.0.0.1.evil.example", "")) {
      assertEquals("HTTP/1.1 403 Forbidden", status("Host: " + host), host);
    }
    for (String host :
        List.of("127.0.0.1:" + port, "LOCALHOST:" + port, "localhost", "[::1]:9000")) {
      assertEquals("HTTP/1.1 200 OK", status("Host: " + host), host);
    }
    assertEquals("HTTP/1.1 403 Forbidden", status("X-Forwarded-Host: localhost"));
  }

  private String status(String header) throws IOException {
    URI address = server.address();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort())) {
      String request = "GET %s HTTP/1.0\r\n%s\r\n\r\n".formatted(address.getPath(), header);
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8).lines().findFirst().get();
    }
  }

  @Test
  void linesOfMetricsArriveWhenTheyAreWhole() throws Exception {
    List<String> others = cut(4);
    try (FolderLock lock = new FolderLock(run.root())) {
      lock.take();
      WrittenPage served = page();
      assertEquals(4, served.training(0).get("metrics").get("steps").size());
      try (EventStream events = events(served.live().get("after").asText())) {
        assertEquals(
            "text/event-stream",
            events.response().headers().firstValue("Content-Type").orElseThrow());
        assertEquals("now", events.next().name(), "nothing is new");
        append(others.get(0) + "\n" + others.get(1).substring(0, 40));
        JsonNode first = events.await(LiveReportTest::isMetrics).json();
        assertEquals("{\"training\":0,\"from\":4", first.toString().substring(0, 22));
        assertEquals("[5]", first.get("metrics").get("steps").toString());
        assertFalse(page().missing().contains("metrics.jsonl"), page().missing());
        append(others.get(1).substring(40) + "\n" + others.get(2) + "\n");
        JsonNode second = events.await(LiveReportTest::isMetrics).json();
        assertEquals(5, second.get("from").asInt());
        assertEquals("[6,7]", second.get("metrics").get("steps").toString());
        double loss = second.get("metrics").get("columns").get("loss").get(1).asDouble();
        assertTrue(others.get(2).contains("\"loss\":" + loss), others.get(2));
      }
    }
  }

  @Test
  void aRunThatGoesBackToACheckpointTakesItsLinesBack() throws Exception {
    String before = cursor();
    try (EventStream events = events(before)) {
      var _ = events.batch();
      Path metrics = run.training(1).metrics();
      List<String> kept = Files.readAllLines(metrics).subList(0, 5);
      Files.delete(metrics);
      Files.write(metrics, kept);
      JsonNode lines = events.await(LiveReportTest::isMetrics).json();
      assertEquals(0, lines.get("from").asInt());
      assertEquals("[1,2,3,4,5]", lines.get("metrics").get("steps").toString());
    }
  }

  @Test
  void evaluationsAndAccuraciesOfCheckpointsArrive() throws Exception {
    byte[] evaluation = Files.readAllBytes(run.evaluation(2));
    byte[] heldOut = Files.readAllBytes(run.heldOut(1, 10));
    Files.delete(run.evaluation(2));
    Files.delete(run.heldOut(1, 10));
    try (EventStream events = events(cursor())) {
      assertEquals("M_2 evaluate", events.next().json().get("stage").get("name").asText());
      Files.write(run.evaluation(2), evaluation);
      Files.write(run.heldOut(1, 10), heldOut);
      EventStream.Event numbers = events.await(event -> isComplete(event));
      assertFalse(numbers.json().get("isAll").asBoolean());
      JsonNode now = events.await(event -> event.name().equals("now")).json();
      assertTrue(now.get("stage").isNull(), "nothing is left: " + now);
      assertTrue(now.get("isKnown").asBoolean());
    }
  }

  private static boolean isComplete(EventStream.Event event) {
    try {
      JsonNode data = event.name().equals("numbers") ? event.json().at("/page/runs/0") : null;
      return data != null
          && data.get("evaluations").size() == 3
          && data.at("/trainings/0/heldOut").size() == 2;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void rolloutsArriveOnceWhenTheirFilesAreComplete() throws Exception {
    Path pairs = run.rollouts(2).pairs();
    byte[] bytes = Files.readAllBytes(pairs);
    Files.delete(pairs);
    List<String> others = cut(4);
    WrittenPage served = page();
    assertTrue(served.shown(0) > 0);
    assertEquals(0, served.shown(2), "its pairs are not there");
    assertTrue(served.training(2).get("rollouts").isNull());
    try (EventStream events = events(served.live().get("after").asText())) {
      Files.write(pairs, bytes);
      assertEquals("2", events.await(event -> event.name().equals("clear")).data());
      JsonNode block = events.next().json();
      assertEquals(2, block.get("training").asInt());
      assertEquals(ReportedRun.PROBLEMS * ReportedRun.SAMPLES, block.get("sample").size());
      assertFalse(block.get("pairs").isEmpty());
      append(others.getFirst() + "\n");
      List<String> names = new ArrayList<>();
      var _ =
          events.await(event -> {
            names.add(event.name());
            return isMetrics(event);
          });
      names.addAll(events.batch().stream().map(EventStream.Event::name).toList());
      assertFalse(names.contains("rollouts"), names.toString());
    }
  }

  @Test
  void whatAPageMissedItIsToldWhenItConnectsAgain() throws Exception {
    List<String> others = cut(4);
    String before = cursor();
    append(others.getFirst() + "\n");
    try (EventStream again = events(before)) {
      List<EventStream.Event> batch = again.batch();
      assertEquals(
          List.of("numbers", "metrics", "now"),
          batch.stream().map(EventStream.Event::name).toList());
      assertEquals(4, batch.get(1).json().get("from").asInt());
      assertEquals(cursor(), batch.getLast().id());
    }
  }

  @Test
  void afterTheServerIsStartedAgainAPageIsToldEverythingAtTheSameAddress() throws Exception {
    URI address = server.address();
    String before = cursor();
    server.close();
    server = LiveReport.serve(run.root(), LOCAL, 0, key, PAUSE);
    assertEquals(address, server.address());
    for (String after : List.of(before, "nonsense")) {
      try (EventStream events = events(after)) {
        List<EventStream.Event> batch = events.batch();
        assertEquals("numbers", batch.getFirst().name());
        assertTrue(batch.getFirst().json().get("isAll").asBoolean());
        assertEquals(4, batch.stream().filter(LiveReportTest::isMetrics).count());
        assertEquals(4, batch.stream().filter(event -> event.name().equals("rollouts")).count());
      }
    }
  }

  @Test
  void damagedFilesAreNamedAndEverythingElseIsShown() throws Exception {
    for (Path file :
        List.of(
            run.evaluation(1),
            run.rollouts(1).part(0),
            run.rollouts(2).pairs(),
            run.rollouts(2).counts(),
            run.heldOut(1, 5),
            run.root().resolve("backends.json"))) {
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    }
    List<String> lines = Files.readAllLines(run.training(1).metrics());
    lines.set(6, lines.get(6).replace("loss", "lass"));
    Files.write(run.training(1).metrics(), lines);
    WrittenPage served = page();
    for (String name :
        List.of(
            "evaluation.json",
            "part-00000",
            "pairs.arrow",
            "rollouts.json",
            "held-out-5",
            "backends.json",
            "metrics.jsonl")) {
      assertTrue(served.missing().contains(name), name + " " + served.missing());
    }
    assertEquals(2, served.run(0).get("evaluations").size());
    assertEquals(6, served.training(0).get("metrics").get("steps").size());
    assertTrue(served.shown(1) > 0);
  }

  @Test
  void aFileThatIsWholeAgainIsReadAgain() throws Exception {
    byte[] bytes = Files.readAllBytes(run.evaluation(1));
    Files.write(run.evaluation(1), Arrays.copyOf(bytes, 10));
    assertEquals(2, page().run(0).get("evaluations").size());
    try (EventStream events = events(cursor())) {
      Files.write(run.evaluation(1), bytes);
      JsonNode numbers = events.await(event -> isComplete(event)).json();
      assertEquals("[]", numbers.at("/page/runs/0/missing").toString());
    }
  }

  @Test
  void aFolderThatIsGoneLeavesThePageAsItWas() throws Exception {
    WrittenPage before = page();
    Path away = temporary.resolve("away");
    try (EventStream events = events(before.live().get("after").asText())) {
      Files.move(run.root(), away);
      JsonNode gone =
          events
              .await(
                  event -> event.name().equals("now") && !event.data().contains("\"problem\":null"))
              .json();
      assertTrue(gone.get("problem").asText().contains("config.yaml"), gone.toString());
      assertEquals(before.rollouts(), page().rollouts());
      Files.move(away, run.root());
      var _ =
          events.await(
              event -> event.name().equals("now") && event.data().contains("\"problem\":null"));
    }
  }

  @Test
  void aFolderThatIsGoneFromTheBeginningIsToldInOneLine() throws Exception {
    Files.move(run.root(), temporary.resolve("away"));
    HttpResponse<String> response = get(server.address());
    assertEquals(503, response.statusCode());
    assertEquals(1, response.body().lines().count());
    assertTrue(response.body().contains("config.yaml"), response.body());
    assertTrue(response.headers().firstValue("Refresh").isPresent(), "the browser tries again");
  }

  @Test
  void anotherRunInTheSamePlaceTakesThePlaceOfTheFirst() throws Exception {
    try (EventStream events = events(cursor())) {
      var _ = events.batch();
      Files.move(run.root(), temporary.resolve("away"));
      run.open(ReportedRun.CONFIG.with("seed=2"));
      JsonNode numbers = events.await(event -> event.name().equals("numbers")).json();
      assertTrue(numbers.get("isAll").asBoolean());
      assertEquals("2", numbers.at("/page/runs/0/facts/seed").asText());
      assertEquals(0, numbers.at("/page/runs/0/trainings").size());
    }
  }

  @Test
  void whatTheRunDoesAndWhoWorksOnItIsTold() throws Exception {
    cut(4);
    Files.delete(run.training(1).checkpoint(5).resolve("manifest.json"));
    deleteFolders(run.training(1).model(), run.training(1).checkpoints(), run.retrain(1));
    JsonNode now = page().live().get("now");
    assertTrue(now.get("worker").isNull());
    assertEquals("iteration 1 train", now.at("/stage/name").asText());
    assertEquals("{\"done\":4,\"total\":10,\"unit\":\"steps\"}", now.at("/stage/count").toString());
    try (EventStream events = events(cursor());
        FolderLock lock = new FolderLock(run.root())) {
      lock.take();
      JsonNode works =
          events
              .await(
                  event -> event.name().equals("now") && !event.data().contains("\"worker\":null"))
              .json();
      String process = "process " + ProcessHandle.current().pid();
      assertTrue(works.get("worker").asText().startsWith(process), works.toString());
    }
  }

  private static void deleteFolders(Path... folders) throws IOException {
    for (Path folder : folders) {
      AtomicFiles.deleteFolder(folder);
    }
  }

  @Test
  void addressesFollowFromTheKeyAndTheRun() throws Exception {
    Path file = temporary.resolve("keys/watch.key");
    WatchKey first = WatchKey.of(file);
    WatchKey again = WatchKey.of(file);
    assertEquals(first.token(run.root()), again.token(run.root()));
    assertEquals(first.port(run.root()), again.port(run.root()));
    assertNotEquals(first.token(run.root()), first.token(whole.root()));
    assertNotEquals(first.token(run.root()), key.token(run.root()));
    assertEquals(32, first.token(run.root()).length());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    Files.write(file, new byte[3]);
    String message = assertThrows(IOException.class, () -> WatchKey.of(file)).getMessage();
    assertTrue(message.contains("3 bytes instead of 32"), message);
  }

  @Test
  void aPortThatIsTakenIsNamedAndTheUsualOneReplaced() throws Exception {
    int taken = server.address().getPort();
    try (LiveReport second = LiveReport.serve(run.root(), LOCAL, 0, key, PAUSE)) {
      assertNotEquals(taken, second.address().getPort());
      assertEquals(200, get(second.address()).statusCode());
    }
    try (ServerSocket other = new ServerSocket(0)) {
      int port = other.getLocalPort();
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> LiveReport.serve(run.root(), LOCAL, port, key, PAUSE))
              .getMessage();
      assertTrue(message.contains("--port " + port), message);
    }
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> LiveReport.serve(run.root(), "192.0.2.1", 0, key, PAUSE))
            .getMessage();
    assertTrue(message.contains("--host 192.0.2.1"), message);
  }
}
