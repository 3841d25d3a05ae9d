package dev.irpo.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.Crc32c;
import dev.irpo.rollout.Rollout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// The responses to one problem as a line:
///
/// ```text
/// 1b2c3d4e 17 [{"sample": 0, …}, …]     CRC-32C of what follows the blank, problem, responses
/// ```
final class RolloutLine {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private RolloutLine() {}

  /// The line with its end.
  static byte[] of(int problem, List<Rollout> responses) throws IOException {
    ArrayNode array = MAPPER.createArrayNode();
    responses.forEach(response -> array.add(json(response)));
    byte[] rest = (problem + " " + MAPPER.writeValueAsString(array)).getBytes(UTF_8);
    ByteArrayOutputStream line = new ByteArrayOutputStream(rest.length + Crc32c.DIGITS + 2);
    line.writeBytes((checksum(rest, 0, rest.length) + " ").getBytes(UTF_8));
    line.writeBytes(rest);
    line.write('\n');
    return line.toByteArray();
  }

  /// The problem of a line without its end; none if the checksum differs.
  static OptionalInt problem(byte[] line) {
    int begin = Crc32c.DIGITS + 1;
    if (line.length <= begin
        || !new String(line, 0, Crc32c.DIGITS, UTF_8)
            .equals(checksum(line, begin, line.length - begin))) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(Integer.parseInt(new String(line, begin, blank(line) - begin, UTF_8)));
  }

  /// The responses of a line whose checksum is right.
  static List<Rollout> responses(byte[] line) throws IOException {
    int begin = blank(line) + 1;
    List<Rollout> responses = new ArrayList<>();
    for (JsonNode response : MAPPER.readTree(line, begin, line.length - begin)) {
      responses.add(rollout(response));
    }
    return responses;
  }

  /// Where the blank after the problem is.
  private static int blank(byte[] line) {
    int at = Crc32c.DIGITS + 1;
    while (line[at] != ' ') {
      at++;
    }
    return at;
  }

  private static String checksum(byte[] bytes, int offset, int length) {
    Crc32c sum = new Crc32c();
    sum.add(ByteBuffer.wrap(bytes, offset, length));
    return sum.take();
  }

  private static ObjectNode json(Rollout rollout) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("problem", rollout.problem());
    node.put("problemId", rollout.problemId());
    node.put("sample", rollout.sample());
    node.set("promptIds", MAPPER.valueToTree(rollout.promptIds()));
    node.set("responseIds", MAPPER.valueToTree(rollout.responseIds()));
    node.set("tokenLogProbs", MAPPER.valueToTree(rollout.tokenLogProbs()));
    node.put("text", rollout.text());
    node.put("finish", rollout.finish());
    node.put("extracted", rollout.extracted().orElse(null));
    node.put("reward", rollout.reward());
    node.put("grader", rollout.grader());
    return node;
  }

  private static Rollout rollout(JsonNode node) throws JsonProcessingException {
    return new Rollout(
        node.get("problem").intValue(),
        node.get("problemId").textValue(),
        node.get("sample").intValue(),
        MAPPER.treeToValue(node.get("promptIds"), int[].class),
        MAPPER.treeToValue(node.get("responseIds"), int[].class),
        MAPPER.treeToValue(node.get("tokenLogProbs"), float[].class),
        node.get("text").textValue(),
        node.get("finish").textValue(),
        Optional.ofNullable(node.get("extracted").textValue()),
        node.get("reward").floatValue(),
        node.get("grader").textValue());
  }
}
