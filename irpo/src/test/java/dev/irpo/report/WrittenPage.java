package dev.irpo.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/// A page that was written, taken apart.
///
/// @param html without its data
/// @param numbers the block of that name
/// @param live what a page that is served has of it; null in others
record WrittenPage(
    String html,
    JsonNode numbers,
    List<JsonNode> problems,
    List<JsonNode> rollouts,
    JsonNode live) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern BLOCK =
      Pattern.compile(
          "<script type=\"application/gzip\" data-name=\"(\\w+)\">([A-Za-z0-9+/=]*)</script>\n");

  static WrittenPage read(Path file) throws IOException {
    String page = Files.readString(file, UTF_8);
    Matcher block = BLOCK.matcher(page);
    List<JsonNode> numbers = new ArrayList<>();
    List<JsonNode> problems = new ArrayList<>();
    List<JsonNode> rollouts = new ArrayList<>();
    List<JsonNode> live = new ArrayList<>();
    while (block.find()) {
      List<JsonNode> blocks =
          switch (block.group(1)) {
            case "numbers" -> numbers;
            case "problems" -> problems;
            case "live" -> live;
            default -> rollouts;
          };
      byte[] bytes = Base64.getDecoder().decode(block.group(2));
      blocks.add(MAPPER.readTree(new GZIPInputStream(new ByteArrayInputStream(bytes))));
    }
    return new WrittenPage(
        BLOCK.matcher(page).replaceAll(""),
        numbers.getFirst(),
        problems,
        rollouts,
        live.isEmpty() ? null : live.getFirst());
  }

  JsonNode run(int number) {
    return numbers.get("runs").get(number);
  }

  JsonNode training(int number) {
    return run(0).get("trainings").get(number);
  }

  /// What is missing of a run, in one text.
  String missing() {
    return run(0).get("missing").toString();
  }

  /// Rollouts that the page shows of a training of the first run.
  int shown(int training) {
    int shown = 0;
    for (JsonNode block : rollouts) {
      if (block.get("run").asInt() == 0 && block.get("training").asInt() == training) {
        shown += block.get("sample").size();
      }
    }
    return shown;
  }
}
