package dev.irpo.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// The page of a run, served and kept up to date.
///
/// ```text
/// GET /TOKEN/         the page
/// GET /TOKEN/events   what is new to it, as server-sent events; ?after=CURSOR and Last-Event-ID
///                     say what it has
/// ```
///
/// Who does not know the token is refused, and so is who comes by a name that is not this server's:
/// a page of somebody else's whose name was made to lead here (DNS rebinding). The server sends
/// what it reads and takes nothing.
public final class LiveReport implements AutoCloseable {
  /// Between two looks at a run.
  static final Duration PAUSE = Duration.ofSeconds(2);

  private static final Duration RETRY = Duration.ofSeconds(2);
  private static final int FORBIDDEN = 403;
  private static final String LAST_EVENT = "Last-Event-ID";

  private final LiveRun run;
  private final Duration pause;
  private final byte[] token;
  private final Set<String> names = new HashSet<>(Set.of("localhost"));
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final URI address;

  private LiveReport(LiveRun run, Duration pause, String token, HttpServer server, String host) {
    this.run = run;
    this.pause = pause;
    this.token = token.getBytes(UTF_8);
    this.server = server;
    InetAddress bound = server.getAddress().getAddress();
    String shown = bound.isAnyLocalAddress() ? ownName() : host;
    names.add(shown.toLowerCase(Locale.ROOT));
    String inAddress = shown.contains(":") ? "[" + shown + "]" : shown;
    address =
        URI.create("http://%s:%d/%s/".formatted(inAddress, server.getAddress().getPort(), token));
    var _ = server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  /// Serves a run until it is closed. The folder is not read before a page is asked for.
  ///
  /// @param host name or number of the address of this machine to be reached at
  /// @param port 0 for the one that follows from the key, or any other where that is taken
  /// @throws IllegalArgumentException in one line if the folder holds no run, or the address cannot
  ///   be had
  public static LiveReport serve(Path folder, String host, int port, WatchKey key)
      throws IOException {
    return serve(folder, host, port, key, PAUSE);
  }

  static LiveReport serve(Path folder, String host, int port, WatchKey key, Duration pause)
      throws IOException {
    String name = Report.names(List.of(folder)).getFirst();
    var _ = RunReader.open(folder, name);
    HttpServer server = bind(host, port, key.port(folder));
    return new LiveReport(new LiveRun(folder, name, pause), pause, key.token(folder), server, host);
  }

  private static HttpServer bind(String host, int port, int usual) throws IOException {
    InetAddress at;
    try {
      at = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "--host %s: there is no such host; give an address of this machine".formatted(host), e);
    }
    try {
      return HttpServer.create(new InetSocketAddress(at, port == 0 ? usual : port), 0);
    } catch (BindException e) {
      if (port != 0) {
        throw new IllegalArgumentException(
            "--host %s --port %d: cannot be served at (%s); choose another port, or leave it out"
                .formatted(host, port, e.getMessage()),
            e);
      }
    }
    try {
      return HttpServer.create(new InetSocketAddress(at, 0), 0);
    } catch (BindException e) {
      throw new IllegalArgumentException(
          "--host %s: cannot be served at (%s); give an address of this machine"
              .formatted(host, e.getMessage()),
          e);
    }
  }

  private static String ownName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException nameless) {
      return "localhost";
    }
  }

  /// Where the page is, with its token.
  public URI address() {
    return address;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Headers headers = exchange.getResponseHeaders();
      headers.set("Cache-Control", "no-store");
      headers.set("Referrer-Policy", "no-referrer");
      headers.set("X-Content-Type-Options", "nosniff");
      headers.set("Cross-Origin-Resource-Policy", "same-origin");
      headers.set("Content-Security-Policy", "frame-ancestors 'none'");
      String path = String.valueOf(exchange.getRequestURI().getRawPath());
      int end = path.indexOf('/', 1);
      String rest = end < 0 ? "" : path.substring(end);
      if (!isOurs(exchange.getRequestHeaders().getFirst("Host"))) {
        answer(
            exchange,
            FORBIDDEN,
            "this server has another name; use the address that irpo watch printed");
      } else if (!hasToken(end < 0 ? path : path.substring(0, end))) {
        answer(
            exchange,
            FORBIDDEN,
            "the address lacks its token; use the one that irpo watch printed");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        headers.set("Allow", "GET");
        answer(exchange, 405, "this server only answers GET");
      } else if (rest.equals("/")) {
        page(exchange);
      } else if (rest.equals("/events")) {
        events(exchange);
      } else if (rest.isEmpty()) {
        headers.set("Location", address.getPath());
        answer(exchange, 308, "the address ends in /");
      } else {
        answer(exchange, 404, "there is no such page");
      }
    }
  }

  /// Whether a request is for this server by a name of its own. A number is no name that could be
  /// made to lead here.
  private boolean isOurs(String host) {
    if (host == null) {
      return false;
    }
    String name = host.replaceFirst(":[0-9]{1,5}$", "").toLowerCase(Locale.ROOT);
    return names.contains(name) || isNumber(name);
  }

  private static boolean isNumber(String name) {
    boolean isBracketed = name.startsWith("[") && name.endsWith("]");
    try {
      var _ = InetAddress.ofLiteral(isBracketed ? name.substring(1, name.length() - 1) : name);
      return true;
    } catch (IllegalArgumentException other) {
      return false;
    }
  }

  /// Takes the same time whatever the token is.
  private boolean hasToken(String begin) {
    String given = begin.startsWith("/") ? begin.substring(1) : begin;
    return MessageDigest.isEqual(token, given.getBytes(UTF_8));
  }

  private static void answer(HttpExchange exchange, int status, String line) throws IOException {
    byte[] text = (line + "\n").getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    exchange.sendResponseHeaders(status, text.length);
    exchange.getResponseBody().write(text);
  }

  private void page(HttpExchange exchange) throws IOException {
    List<Block> blocks;
    try {
      blocks = run.page();
    } catch (IOException e) {
      exchange.getResponseHeaders().set("Refresh", String.valueOf(RETRY.toSeconds()));
      answer(exchange, 503, "the run cannot be read now, trying again: " + e.getMessage());
      return;
    }
    exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = new BufferedOutputStream(exchange.getResponseBody(), 1 << 16)) {
      Page.writeLive(out, run.name(), blocks);
    }
  }

  /// Tells a page what is new to it until it goes or the server is closed; a line without meaning
  /// finds out whether it is there.
  private void events(HttpExchange exchange) throws IOException {
    Cursor cursor = cursor(exchange);
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = new BufferedOutputStream(exchange.getResponseBody(), 1 << 16);
    write(out, "retry: %d\n\n".formatted(RETRY.toMillis()));
    String told = "";
    do {
      LiveRun.News news = run.since(cursor);
      write(out, ":\n\n");
      if (!news.events().isEmpty() || !news.now().equals(told)) {
        for (LiveState.Event event : news.events()) {
          write(out, "event: %s\ndata: %s\n\n".formatted(event.name(), event.data()));
        }
        write(out, "id: %s\nevent: now\ndata: %s\n\n".formatted(news.cursor(), news.now()));
      }
      out.flush();
      cursor = news.cursor();
      told = news.now();
    } while (!isClosedWithin(pause));
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(UTF_8));
  }

  private static Cursor cursor(HttpExchange exchange) {
    String last = exchange.getRequestHeaders().getFirst(LAST_EVENT);
    String query = String.valueOf(exchange.getRequestURI().getRawQuery());
    return Cursor.of(last == null ? query.replaceFirst("^after=", "") : last)
        .orElse(Cursor.NOTHING);
  }

  private boolean isClosedWithin(Duration time) {
    try {
      return closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// Ends it; pages keep what they show and try to find it again.
  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
