package dev.irpo.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.irpo.checkpoints.files.AtomicFiles;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.text.StringEscapeUtils;
import org.apache.commons.text.StringSubstitutor;

/// Puts a page together: the template with style and scripts, and data between its two halves.
///
/// ```text
/// <script type="application/gzip" data-name="numbers">   a PageData
/// <script type="application/gzip" data-name="problems">  Problems of each run
/// <script type="application/gzip" data-name="rollouts">  RolloutBlocks
/// <script type="application/gzip" data-name="live">      of a page that is served: LiveRun.Begin
/// ```
///
/// The page's policy (CSP) lets the scripts of this package run, by their SHA-256, and forbids
/// every request, of a page that is served those to others than its server.
final class Page {
  private static final List<String> SCRIPTS =
      List.of(
          "chartjs/chart.umd.min.js",
          "page/data.js",
          "page/elements.js",
          "page/charts.js",
          "page/overview.js",
          "page/training.js",
          "page/sampling.js",
          "page/browser.js",
          "page/detail.js",
          "page/runs.js",
          "page/main.js");
  private static final String LIVE_SCRIPT = "page/live.js";
  private static final String STYLE = "page/report.css";
  private static final String LICENCE = "chartjs/LICENSE.md";
  private static final String DATA = "{{data}}";
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'").withZone(ZoneOffset.UTC);

  private Page() {}

  /// Writes the page of some runs, whole or not at all.
  static void write(Path file, List<ReadRun> runs) throws IOException {
    AtomicFiles.writeFile(
        file,
        temporary -> {
          try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary))) {
            String page = page(runs.stream().map(run -> run.data().name()).toList(), SCRIPTS, "");
            int data = page.lastIndexOf(DATA); // a run may be called so
            out.write(page.substring(0, data).getBytes(UTF_8));
            Block.of("numbers", data(runs.stream().map(ReadRun::data).toList())).writeTo(out);
            for (int run = 0; run < runs.size(); run++) {
              writeRun(out, run, runs.get(run));
            }
            out.write(page.substring(data + DATA.length()).getBytes(UTF_8));
          }
        });
  }

  private static void writeRun(OutputStream out, int run, ReadRun read) throws IOException {
    Block.of("problems", new Problems(run, 0, read.problems())).writeTo(out);
    Map<String, Integer> numbers = new HashMap<>();
    read.problems().forEach(problem -> numbers.put(problem.id(), numbers.size()));
    for (int training = 0; training < read.rollouts().size(); training++) {
      ShownRollouts rollouts = read.rollouts().get(training);
      for (RolloutBlock block : RolloutBlock.of(run, training, numbers, rollouts)) {
        Block.of("rollouts", block).writeTo(out);
      }
    }
  }

  /// Writes the page of a run that asks its server for what comes later.
  static void writeLive(OutputStream out, String name, List<Block> blocks) throws IOException {
    List<String> scripts = new ArrayList<>(SCRIPTS);
    scripts.add(scripts.size() - 1, LIVE_SCRIPT);
    String page = page(List.of(name), scripts, "; connect-src 'self'");
    int data = page.lastIndexOf(DATA);
    out.write(page.substring(0, data).getBytes(UTF_8));
    for (Block block : blocks) {
      block.writeTo(out);
    }
    out.write(page.substring(data + DATA.length()).getBytes(UTF_8));
  }

  /// All numbers of a page that is made now.
  static PageData data(List<RunData> runs) {
    return new PageData(
        program(),
        MINUTE.format(Instant.now()),
        PaperCurve.GSM8K,
        runs,
        ConfigDifference.between(runs));
  }

  private static String program() {
    String version =
        Optional.ofNullable(Page.class.getPackage().getImplementationVersion())
            .orElse("(not from the jar)");
    return "irpo %s, Java %s, %s %s"
        .formatted(
            version,
            Runtime.version(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"));
  }

  /// @param connections what the policy says of them, empty where it forbids them all
  private static String page(List<String> runs, List<String> scriptNames, String connections)
      throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    List<String> scripts = new ArrayList<>();
    for (String name : scriptNames) {
      scripts.add("\n" + inline(name) + "\n");
    }
    String style = "\n" + inline(STYLE) + "\n";
    texts.put("title", StringEscapeUtils.escapeHtml4(String.join(", ", runs)));
    texts.put(
        "policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src %s; script-src %s%s"
            .formatted(
                hash(style),
                scripts.stream().map(Page::hash).collect(Collectors.joining(" ")),
                connections));
    texts.put("style", style);
    texts.put(
        "scripts",
        scripts.stream().map("<script>%s</script>"::formatted).collect(Collectors.joining("\n")));
    texts.put("licence", StringEscapeUtils.escapeHtml4(text(LICENCE)));
    texts.put("data", DATA);
    StringSubstitutor template = new StringSubstitutor(texts, "{{", "}}");
    template.setDisableSubstitutionInValues(true);
    template.setEnableUndefinedVariableException(true);
    return template.replace(text("page/report.html"));
  }

  /// A resource that goes between tags; browsers' tools would look for a source map in a file.
  private static String inline(String name) throws IOException {
    String text =
        text(name)
            .lines()
            .filter(line -> !line.startsWith("//# sourceMappingURL="))
            .collect(Collectors.joining("\n"));
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.contains("</script") || lower.contains("</style") || lower.contains("<!--")) {
      throw new IllegalStateException(name + " would end the element that it stands in");
    }
    return text;
  }

  private static String text(String name) throws IOException {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks dev/irpo/report/" + name);
      }
      return new String(in.readAllBytes(), UTF_8).replace("\r\n", "\n");
    }
  }

  /// As a policy names an element's content.
  private static String hash(String content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
