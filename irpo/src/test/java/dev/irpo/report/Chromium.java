package dev.irpo.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A page in headless Chromium, driven by the DevTools protocol
/// (https://chromedevtools.github.io/devtools-protocol).
final class Chromium implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern ADDRESS = Pattern.compile("DevTools listening on (ws://\\S+)");
  private static final int TIMEOUT_SECONDS = 60;

  private final Process process;
  private final Path profile;
  private final HttpClient client;
  private final WebSocket socket;
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<JsonNode> events = new ArrayList<>();
  private String session;
  private int calls;

  private Chromium(Process process, Path profile, String address) {
    this.process = process;
    this.profile = profile;
    client = HttpClient.newHttpClient();
    socket = client.newWebSocketBuilder().buildAsync(URI.create(address), new Reader()).join();
  }

  /// Where Chromium is, if it is installed.
  static Optional<Path> program() {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .flatMap(
            folder -> Stream.of("chromium", "chromium-browser").map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /// Starts it with an empty page.
  ///
  /// @param profile a folder of its own
  static Chromium start(Path profile) throws IOException {
    Process process =
        new ProcessBuilder(
                program().orElseThrow().toString(),
                "--headless=new",
                "--no-sandbox", // tests may run as root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    Chromium chromium = new Chromium(process, profile, address(process));
    JsonNode page = chromium.call("Target.createTarget", object("url", "about:blank"));
    ObjectNode attach = object("targetId", page.get("targetId").textValue()).put("flatten", true);
    chromium.session = chromium.call("Target.attachToTarget", attach).get("sessionId").textValue();
    for (String domain : List.of("Page", "Network", "Runtime", "Log")) {
      var _ = chromium.call(domain + ".enable", MAPPER.createObjectNode());
    }
    return chromium;
  }

  private static String address(Process process) throws IOException {
    BufferedReader out = process.inputReader();
    StringBuilder said = new StringBuilder();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      Matcher address = ADDRESS.matcher(line);
      if (address.find()) {
        Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {})); // it must not wait for us
        return address.group(1);
      }
      said.append(line).append('\n');
    }
    throw new IOException("Chromium has not started: " + said);
  }

  static ObjectNode object(String name, String value) {
    return MAPPER.createObjectNode().put(name, value);
  }

  /// Calls a method of the protocol and returns its result.
  JsonNode call(String method, ObjectNode parameters) throws IOException {
    int id = ++calls;
    ObjectNode message = MAPPER.createObjectNode().put("id", id).put("method", method);
    message.set("params", parameters);
    if (session != null) {
      message.put("sessionId", session);
    }
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    try {
      var _ = socket.sendText(message.toString(), true).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      JsonNode result = answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (result.has("error")) {
        throw new IOException(method + ": " + result.get("error"));
      }
      return result.path("result");
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IOException(method + " has no answer", e);
    }
  }

  /// Opens a page and waits until an expression is true there.
  void open(URI page, String isReady) throws IOException {
    var _ = call("Page.navigate", object("url", page.toString()));
    waitFor(isReady);
  }

  /// Waits until an expression is true.
  void waitFor(String expression) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!evaluate("Boolean(" + expression + ")").asBoolean()) {
      if (System.nanoTime() > end) {
        throw new IOException("never true: " + expression + "; " + problems());
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
  }

  /// The value of an expression of JavaScript, of a promise what it gives.
  JsonNode evaluate(String expression) throws IOException {
    JsonNode result =
        call(
            "Runtime.evaluate",
            object("expression", expression).put("returnByValue", true).put("awaitPromise", true));
    if (result.has("exceptionDetails")) {
      throw new IOException(expression + ": " + result.get("exceptionDetails"));
    }
    return result.path("result").path("value");
  }

  /// The size of the window, and light or dark.
  void look(int width, int height, String scheme) throws IOException {
    var _ =
        call(
            "Emulation.setDeviceMetricsOverride",
            MAPPER
                .createObjectNode()
                .put("width", width)
                .put("height", height)
                .put("deviceScaleFactor", 1)
                .put("mobile", false));
    ObjectNode media = MAPPER.createObjectNode();
    media.putArray("features").add(object("name", "prefers-color-scheme").put("value", scheme));
    var _ = call("Emulation.setEmulatedMedia", media);
  }

  /// A picture of what the window shows, or of the whole page.
  void picture(Path file, boolean isWhole) throws IOException {
    JsonNode data =
        call(
            "Page.captureScreenshot",
            object("format", "png").put("captureBeyondViewport", isWhole));
    Files.write(file, Base64.getDecoder().decode(data.get("data").textValue()));
  }

  /// Forgets requests and problems.
  void forget() {
    synchronized (events) {
      events.clear();
    }
  }

  /// Addresses that were asked for, the page's own among them.
  List<String> requests() {
    return events("Network.requestWillBeSent").stream()
        .map(event -> event.path("request").path("url").asText())
        .filter(url -> !url.equals("about:blank"))
        .toList();
  }

  /// Exceptions, and errors in the log (those of the page's policy too).
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    events("Runtime.exceptionThrown").forEach(event -> problems.add(event.toString()));
    events("Log.entryAdded").forEach(event -> problems.add(event.toString()));
    return problems;
  }

  private List<JsonNode> events(String method) {
    synchronized (events) {
      return events.stream()
          .filter(event -> event.path("method").asText().equals(method))
          .map(event -> event.path("params"))
          .toList();
    }
  }

  @Override
  public void close() throws IOException {
    socket.abort();
    client.shutdownNow();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().join();
    for (String link : List.of("SingletonCookie", "SingletonLock", "SingletonSocket")) {
      Files.deleteIfExists(profile.resolve(link)); // of a process that is no more
    }
  }

  /// Puts messages together and gives them to who waits for them.
  private final class Reader implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) {
        take(text.toString());
        text.setLength(0);
      }
      from.request(1);
      return null;
    }

    private void take(String message) {
      try {
        JsonNode json = MAPPER.readTree(message);
        if (json.has("id")) {
          answers.remove(json.get("id").asInt()).complete(json);
        } else {
          synchronized (events) {
            events.add(json);
          }
        }
      } catch (IOException e) {
        throw new IllegalStateException(message, e);
      }
    }
  }
}
