package dev.irpo.tokenizer;

import static dev.irpo.tokenizer.FuzzTarget.pick;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Changes of JSON that leave it well-formed: values replaced, removed, copied elsewhere.
final class JsonEdits {
  private static final JsonNode VALUES =
      values(
          """
          [null, true, -1, 0, 1, 2147483648, 9223372036854775808, 1e308, 0.5, "", "a", "\\n\\u2028",
           "Sequence", "ByteLevel", "Metaspace", "Replace", "Prepend", "Split", "Digits", "Fuse",
           "ByteFallback", "Strip", "NFC", "NFKD", "TemplateProcessing", "<s>", "(?:a|a?)++",
           "\\\\p{Zz}", "[", "\\uD800", [], {}, [1], {"type": "Sequence"}, {"String": "a"}]
          """);

  /// Copies of a tree into itself double it each time; the layouts have some 2,000 values.
  private static final int MAX_NODES = 50_000;

  private JsonEdits() {}

  /// Each edit takes some bytes: where, what, and with what.
  static void apply(JsonNode root, ByteBuffer in) {
    while (in.hasRemaining()) {
      JsonNode target = descend(root, in);
      switch (target) {
        case ObjectNode object -> edit(object, root, in);
        case ArrayNode array -> edit(array, root, in);
        default -> {} // the root alone can be neither
      }
    }
  }

  /// A container: at each one on the way a byte says which child comes next, or that this is it.
  private static JsonNode descend(JsonNode node, ByteBuffer in) {
    List<JsonNode> containers = new ArrayList<>();
    node.forEach(child -> {
      if (child.isContainerNode()) {
        containers.add(child);
      }
    });
    int choice = pick(in, containers.size() + 1);
    return choice == containers.size() ? node : descend(containers.get(choice), in);
  }

  private static void edit(ObjectNode object, JsonNode root, ByteBuffer in) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    int action = pick(in, 4);
    if (names.isEmpty() || action == 0) {
      object.set(text(in), value(root, in));
      return;
    }
    String name = names.get(pick(in, names.size()));
    switch (action) {
      case 1 -> object.remove(name);
      case 2 -> object.set(text(in), object.remove(name));
      default -> object.set(name, value(root, in));
    }
  }

  private static void edit(ArrayNode array, JsonNode root, ByteBuffer in) {
    int at = pick(in, array.size() + 1);
    int action = pick(in, 3);
    if (at == array.size() || action == 0) {
      array.insert(at, value(root, in));
    } else if (action == 1) {
      array.remove(at);
    } else {
      array.set(at, value(root, in));
    }
  }

  private static JsonNode value(JsonNode root, ByteBuffer in) {
    int choice = pick(in, VALUES.size() + 2);
    if (choice < VALUES.size()) {
      return VALUES.get(choice).deepCopy();
    }
    if (choice > VALUES.size()) {
      return TextNode.valueOf(text(in));
    }
    JsonNode copied = descend(root, in);
    return nodes(root) + nodes(copied) > MAX_NODES ? NullNode.getInstance() : copied.deepCopy();
  }

  private static int nodes(JsonNode node) {
    int nodes = 1;
    for (JsonNode child : node) {
      nodes += nodes(child);
    }
    return nodes;
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[Math.min(pick(in, 24), in.remaining())];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static JsonNode values(String json) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
