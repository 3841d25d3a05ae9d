package dev.irpo.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.irpo.checkpoints.files.AtomicFiles;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.text.StringEscapeUtils;
import org.apache.commons.text.StringSubstitutor;

/// Puts a page together: the template with style and scripts, and data between its two halves.
///
/// ```text
/// <script type="application/gzip" data-name="numbers">   base64 of compressed JSON, a PageData
/// <script type="application/gzip" data-name="problems">  of each run
/// <script type="application/gzip" data-name="rollouts">  RolloutBlocks
/// ```
///
/// Base64 holds nothing that ends a script, so no text of a model reaches the HTML. The page's
/// policy (CSP) lets the scripts of this package run, by their SHA-256, and forbids every request.
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
  private static final String STYLE = "page/report.css";
  private static final String LICENCE = "chartjs/LICENSE.md";
  private static final String DATA = "{{data}}";
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'").withZone(ZoneOffset.UTC);
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET).build();

  private Page() {}

  /// Problems of a run.
  private record Problems(int run, List<ShownProblem> problems) {}

  /// Writes the page of some runs, whole or not at all.
  static void write(Path file, List<ReadRun> runs) throws IOException {
    AtomicFiles.writeFile(
        file,
        temporary -> {
          try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary))) {
            String page = page(runs.stream().map(run -> run.data().name()).toList());
            int data = page.lastIndexOf(DATA); // a run may be called so
            out.write(page.substring(0, data).getBytes(UTF_8));
            List<RunData> numbers = runs.stream().map(ReadRun::data).toList();
            writeBlock(
                out,
                "numbers",
                new PageData(
                    program(),
                    MINUTE.format(Instant.now()),
                    PaperCurve.GSM8K,
                    numbers,
                    ConfigDifference.between(numbers)));
            for (int run = 0; run < runs.size(); run++) {
              writeBlock(out, "problems", new Problems(run, runs.get(run).problems()));
              for (RolloutBlock block : RolloutBlock.of(run, runs.get(run))) {
                writeBlock(out, "rollouts", block);
              }
            }
            out.write(page.substring(data + DATA.length()).getBytes(UTF_8));
          }
        });
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

  private static String page(List<String> runs) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    List<String> scripts = new ArrayList<>();
    for (String name : SCRIPTS) {
      scripts.add("\n" + inline(name) + "\n");
    }
    String style = "\n" + inline(STYLE) + "\n";
    texts.put("title", StringEscapeUtils.escapeHtml4(String.join(", ", runs)));
    texts.put(
        "policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src %s; script-src %s"
            .formatted(
                hash(style), scripts.stream().map(Page::hash).collect(Collectors.joining(" "))));
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

  private static void writeBlock(OutputStream out, String name, Object value) throws IOException {
    out.write(
        "<script type=\"application/gzip\" data-name=\"%s\">".formatted(name).getBytes(UTF_8));
    OutputStream base64 = Base64.getEncoder().wrap(new KeptOpen(out));
    try (GZIPOutputStream gzip = new GZIPOutputStream(base64, 1 << 16)) {
      MAPPER.writeValue(gzip, value);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    out.write("</script>\n".getBytes(UTF_8));
  }

  /// A stream that stays open when what writes to it ends.
  private static final class KeptOpen extends FilterOutputStream {
    KeptOpen(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
