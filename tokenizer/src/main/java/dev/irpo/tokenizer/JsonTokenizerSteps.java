package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/// Reads the steps before and after the model of a `tokenizer.json`.
///
/// @param ids every token
record JsonTokenizerSteps(Map<String, Integer> ids) {
  private static final int MAX_STEPS = 32;
  private static final int MAX_CONTENT = 100;
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  List<Rewrite> rewrites(JsonNode node) {
    List<Rewrite> rewrites = new ArrayList<>();
    for (JsonNode step : flat(node, "normalizers")) {
      String type = step.path("type").asText();
      rewrites.add(
          switch (type) {
            case "Prepend" -> new Rewrite.Prepend(content(step.path("prepend")));
            case "Replace" -> replaceAny(step);
            case "NFC", "NFD", "NFKC", "NFKD" -> new Rewrite.Form(Normalizer.Form.valueOf(type));
            default -> throw unsupported("normalizer", type);
          });
    }
    return rewrites;
  }

  private static Rewrite replaceAny(JsonNode step) {
    JsonNode regex = step.path("pattern").path("Regex");
    return regex.isTextual()
        ? new Rewrite.ReplaceMatches(
            new SplitPattern(regex.asText()), content(step.path("content")))
        : replace(step);
  }

  private static Rewrite.Replace replace(JsonNode step) {
    String pattern = content(step.path("pattern").path("String"));
    require(!pattern.isEmpty(), "Replace is supported with a pattern of type String only");
    return new Rewrite.Replace(pattern, content(step.path("content")));
  }

  private static String content(JsonNode node) {
    String content = node.asText();
    require(
        content.length() <= MAX_CONTENT,
        "a step's text has %d characters, at most %d are supported"
            .formatted(content.length(), MAX_CONTENT));
    return content;
  }

  List<PreTokenizer> preTokenizers(JsonNode node) {
    List<PreTokenizer> steps = new ArrayList<>();
    for (JsonNode step : flat(node, "pretokenizers")) {
      String type = step.path("type").asText();
      switch (type) {
        case "ByteLevel" -> addByteLevel(step, steps);
        case "Split" -> steps.add(split(step));
        case "Digits" -> {
          String digits = step.path("individual_digits").asBoolean() ? "\\p{N}" : "\\p{N}+";
          steps.add(new PreTokenizer.Split(new SplitPattern(digits)));
        }
        case "Metaspace" ->
            steps.add(
                new PreTokenizer.Metaspace(
                    space(step), prefix(step), step.path("split").asBoolean(true)));
        default -> throw unsupported("pre_tokenizer", type);
      }
    }
    return steps;
  }

  private static void addByteLevel(JsonNode step, List<PreTokenizer> steps) {
    if (step.path("add_prefix_space").asBoolean(true)) {
      steps.add(new PreTokenizer.SpaceInFront());
    }
    if (step.path("use_regex").asBoolean(true)) {
      steps.add(new PreTokenizer.Split(new SplitPattern(GPT2)));
    }
    steps.add(new PreTokenizer.SpellBytes());
  }

  private static PreTokenizer split(JsonNode step) {
    String behavior = step.path("behavior").asText();
    require(
        behavior.equals("Isolated"),
        "Split behavior '%s' is not supported, only Isolated is".formatted(behavior));
    JsonNode regex = step.path("pattern").path("Regex");
    require(regex.isTextual(), "Split is supported with a pattern of type Regex only");
    return new PreTokenizer.Split(new SplitPattern(regex.asText()));
  }

  private static char space(JsonNode step) {
    String space = step.path("replacement").asText();
    require(
        space.length() == 1, "Metaspace replacement '%s' is not one character".formatted(space));
    return space.charAt(0);
  }

  private static PreTokenizer.Metaspace.Prefix prefix(JsonNode step) {
    boolean prefixes = step.path("add_prefix_space").asBoolean(true);
    String scheme = step.path("prepend_scheme").asText(prefixes ? "always" : "never");
    return switch (scheme) {
      case "always", "first", "never" ->
          PreTokenizer.Metaspace.Prefix.valueOf(scheme.toUpperCase(Locale.ROOT));
      default -> throw unsupported("prepend_scheme", scheme);
    };
  }

  TokenDecoding decoding(JsonNode node) {
    List<JsonNode> steps = flat(node, "decoders");
    String first = steps.isEmpty() ? "none" : steps.getFirst().path("type").asText();
    if (steps.size() == 1 && first.equals("ByteLevel")) {
      return new TokenDecoding.Bytes();
    }
    if (steps.size() == 1 && first.equals("Metaspace")) {
      boolean drops = prefix(steps.getFirst()) != PreTokenizer.Metaspace.Prefix.NEVER;
      return new TokenDecoding.Metaspace(space(steps.getFirst()), drops);
    }
    return textDecoding(steps);
  }

  /// Replace steps, then perhaps ByteFallback, Fuse, Strip, in this order.
  private static TokenDecoding textDecoding(List<JsonNode> steps) {
    List<Rewrite.Replace> replaces = new ArrayList<>();
    List<String> order = List.of("Replace", "ByteFallback", "Fuse", "Strip");
    List<String> seen = new ArrayList<>();
    String strip = "";
    int count = 0;
    for (JsonNode step : steps) {
      String type = step.path("type").asText();
      int place = order.indexOf(type);
      boolean inOrder =
          seen.isEmpty()
              || order.indexOf(seen.getLast()) < place
              || (type.equals("Replace") && seen.getLast().equals(type));
      if (place < 0 || !inOrder || (type.equals("Strip") && !seen.contains("Fuse"))) {
        throw unsupported("decoder", type + " after " + seen);
      }
      seen.add(type);
      if (type.equals("Replace")) {
        replaces.add(replace(step));
      } else if (type.equals("Strip")) {
        strip = content(step.path("content"));
        count = step.path("start").asInt();
        require(
            strip.length() == 1 && count >= 0 && step.path("stop").asInt() == 0,
            "decoder Strip is supported for one character at the start only");
      }
    }
    if (!seen.contains("Fuse")) {
      throw unsupported("decoder", seen.isEmpty() ? "none" : seen + " without Fuse");
    }
    return new TokenDecoding.Text(replaces, seen.contains("ByteFallback"), strip, count);
  }

  /// Tokens that stand around every text.
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record Template(int[] before, int[] after) {}

  Template template(JsonNode node) {
    List<Template> templates = new ArrayList<>();
    for (JsonNode step : flat(node, "processors")) {
      switch (step.path("type").asText()) {
        case "ByteLevel" -> {} // changes offsets only
        case "TemplateProcessing" -> templates.add(readTemplate(step));
        default -> throw unsupported("post_processor", step.path("type").asText());
      }
    }
    require(templates.size() <= 1, "two TemplateProcessing steps are not supported");
    return templates.isEmpty() ? new Template(new int[0], new int[0]) : templates.getFirst();
  }

  private Template readTemplate(JsonNode step) {
    IntStream.Builder before = IntStream.builder();
    IntStream.Builder after = IntStream.builder();
    int sequences = 0;
    for (JsonNode part : step.path("single")) {
      if (part.has("SpecialToken")) {
        String name = part.path("SpecialToken").path("id").asText();
        JsonNode named = step.path("special_tokens").path(name).path("ids");
        require(!named.isEmpty(), templateName(name));
        for (JsonNode id : named) {
          require(id.isInt() && ids.containsValue(id.intValue()), templateName(name));
          (sequences == 0 ? before : after).add(id.intValue());
        }
      } else {
        require(
            part.path("Sequence").path("id").asText().equals("A"),
            "TemplateProcessing is supported with the text 'A' alone");
        sequences++;
      }
    }
    require(sequences == 1, "TemplateProcessing has the text %d times".formatted(sequences));
    return new Template(before.build().toArray(), after.build().toArray());
  }

  private static String templateName(String name) {
    return "TemplateProcessing names '%s', which is not a token".formatted(name);
  }

  private static List<JsonNode> flat(JsonNode node, String children) {
    List<JsonNode> steps = new ArrayList<>();
    addFlat(node, children, steps);
    return steps;
  }

  private static void addFlat(JsonNode node, String children, List<JsonNode> steps) {
    if (node.path("type").asText().equals("Sequence")) {
      node.path(children).forEach(child -> addFlat(child, children, steps));
    } else if (!node.isMissingNode() && !node.isNull()) {
      steps.add(node);
    }
    require(steps.size() <= MAX_STEPS, "it has more than %d %s".formatted(MAX_STEPS, children));
  }

  private static IllegalArgumentException unsupported(String what, String name) {
    return new IllegalArgumentException("%s '%s' is not supported".formatted(what, name));
  }

  private static void require(boolean holds, String fact) {
    if (!holds) {
      throw new IllegalArgumentException(fact);
    }
  }
}
