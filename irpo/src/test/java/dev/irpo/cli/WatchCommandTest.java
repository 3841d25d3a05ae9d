package dev.irpo.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.run.RunFolder;
import dev.irpo.run.SmallRun;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class WatchCommandTest {
  @TempDir private Path temporary;
  private String home;

  @BeforeEach
  void setHome() throws IOException {
    home = System.getProperty("user.home");
    System.setProperty("user.home", Files.createDirectory(temporary.resolve("home")).toString());
  }

  @AfterEach
  void resetHome() {
    System.setProperty("user.home", home);
  }

  private Path begun(String name) throws IOException {
    RunFolder folder = new RunFolder(temporary.resolve(name));
    folder.open(SmallRun.CONFIG);
    return folder.root();
  }

  /// Starts the command, takes a page from the address that it prints, and ends it.
  ///
  /// @return the address
  private String watch(Path run, String... more) throws Exception {
    PrintStream out = System.out;
    try (PipedInputStream in = new PipedInputStream();
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, UTF_8));
        PrintStream piped = new PrintStream(new PipedOutputStream(in), true, UTF_8);
        HttpClient client = HttpClient.newHttpClient()) {
      System.setOut(piped);
      String[] arguments = new String[2 + more.length];
      arguments[0] = "watch";
      arguments[1] = run.toString();
      System.arraycopy(more, 0, arguments, 2, more.length);
      FutureTask<Integer> command = new FutureTask<>(() -> Main.execute(arguments));
      Thread thread = Thread.ofPlatform().start(command);
      String line = lines.readLine();
      assertTrue(line.matches("watch: http://[^/]+:\\d+/[\\w-]{32}/ \\(Ctrl-C ends it\\)"), line);
      String address = line.split(" ", -1)[1];
      HttpResponse<String> page =
          client.send(
              HttpRequest.newBuilder(URI.create(address)).build(),
              HttpResponse.BodyHandlers.ofString());
      assertEquals(200, page.statusCode());
      assertTrue(page.body().contains("<title>" + run.getFileName() + " – IRPO report</title>"));
      thread.interrupt();
      assertEquals(0, command.get());
      return address;
    } finally {
      System.setOut(out);
    }
  }

  @Test
  void aRunThatHasOnlyBegunIsServedAtTheSameAddressEachTime() throws Exception {
    Path run = begun("run");
    String address = watch(run);
    assertTrue(address.startsWith("http://127.0.0.1:"), address);
    assertEquals(address, watch(run));
    assertFalse(Files.exists(run.resolve("report.html")), "watching writes nothing into the run");
    assertTrue(Files.exists(temporary.resolve("home/.irpo/watch.key")));
  }

  @Test
  void anotherAddressIsServedIfItIsAskedFor() throws Exception {
    assertTrue(watch(begun("run"), "--host", "localhost").startsWith("http://localhost:"));
  }

  @Test
  void withoutAHomeTheAddressLastsForOneTime() throws Exception {
    Files.writeString(temporary.resolve("home/.irpo"), "a file in the way");
    Path run = begun("run");
    assertFalse(watch(run).equals(watch(run)));
  }

  @Test
  void whatIsNoRunIsRefusedInOneLine() throws IOException {
    Path none = temporary.resolve("none");
    CommandLineRun.of("", "watch", none).requireRefused(none, "not begun", "config.yaml");
    Files.createDirectories(none);
    CommandLineRun.of("", "watch", none).requireRefused(none, "is no run", "config.yaml");
    Path training = begun("training");
    Files.writeString(training.resolve("inputs.json"), "{}");
    CommandLineRun.of("", "watch", training).requireRefused(training, "irpo train", "not of a run");
  }

  @Test
  void addressesThatCannotBeAreRefusedInOneLine() throws IOException {
    Path run = begun("run");
    CommandLineRun.of("", "watch", run, "--port", 70_000)
        .requireRefused("--port is 70000", "65535");
    CommandLineRun.of("", "watch", run, "--port", -1).requireRefused("--port is -1");
    CommandLineRun.of("", "watch", run, "--host", "192.0.2.1").requireRefused("--host 192.0.2.1");
    CommandLineRun.of("", "watch", run, "--host", "no.such.host.invalid")
        .requireRefused("--host no.such.host.invalid", "no such host");
  }
}
