package dev.irpo.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;

/// What a page is told, as a page would hear it.
final class EventStream implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();
  private final HttpResponse<InputStream> response;
  private final BufferedReader lines;

  /// An event.
  ///
  /// @param id empty where it has none
  record Event(String name, String data, String id) {
    /// Its data, of a block what it holds.
    JsonNode json() throws IOException {
      boolean isBlock = name.equals("problems") || name.equals("rollouts");
      return isBlock
          ? MAPPER.readTree(
              new GZIPInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(data))))
          : MAPPER.readTree(data);
    }
  }

  /// Connects.
  ///
  /// @param after what the page has
  EventStream(URI page, String after) throws IOException, InterruptedException {
    URI address = page.resolve("events?after=" + after);
    response =
        client.send(
            HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofInputStream());
    lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8));
  }

  HttpResponse<?> response() {
    return response;
  }

  /// The next event.
  Event next() throws IOException {
    String name = "";
    String data = "";
    String id = "";
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isEmpty() && !name.isEmpty()) {
        return new Event(name, data, id);
      }
      name = line.startsWith("event: ") ? line.substring(7) : name;
      data = line.startsWith("data: ") ? line.substring(6) : data;
      id = line.startsWith("id: ") ? line.substring(4) : id;
    }
    throw new EOFException("the stream has ended");
  }

  /// All events up to the next one that ends what belongs together.
  List<Event> batch() throws IOException {
    List<Event> batch = new ArrayList<>();
    do {
      batch.add(next());
    } while (!batch.getLast().name().equals("now"));
    return batch;
  }

  /// The first such event, and all before it are forgotten.
  Event await(Predicate<Event> wanted) throws IOException {
    Event event = next();
    while (!wanted.test(event)) {
      event = next();
    }
    return event;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
