package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SentencePieceReaderTest {
  private static final byte[] MODEL =
      SentencePieceTrainer.ofSize(300).train(TestCorpus.LINES).toBytes();

  private static String refusal(byte[] model) {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> SentencePieceTokenizer.parse(model, "dir/tokenizer.model"))
            .getMessage();
    assertTrue(message.startsWith("dir/tokenizer.model: "), message);
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  /// The model with one more number in its trainer_spec; in protobuf the last value counts.
  private static byte[] withTrainerNumber(int field, int value) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = CodedOutputStream.newInstance(bytes);
    out.writeInt32(field, value);
    out.flush();
    return appended(2, bytes.toByteArray());
  }

  private static byte[] appended(int field, byte[] message) throws IOException {
    var bytes = new ByteArrayOutputStream();
    bytes.write(MODEL);
    var out = CodedOutputStream.newInstance(bytes);
    out.writeByteArray(field, message);
    out.flush();
    return bytes.toByteArray();
  }

  @Test
  void aFileCutOffAnywhereIsRefusedInOneLine() {
    for (int length = 0; length < MODEL.length; length++) {
      refusal(Arrays.copyOf(MODEL, length));
    }
    assertEquals(
        "dir/tokenizer.model: its 31 bytes end early or are damaged, after 2 pieces;"
            + " copy or download the file again",
        refusal(Arrays.copyOf(MODEL, 31)));
  }

  @Test
  void aDamagedFileIsRefusedInOneLineOrStillReadable() {
    var random = new SplittableRandom(4);
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] damaged = MODEL.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      try {
        SentencePieceTokenizer.parse(damaged, "x.model").encode("Tom has 12");
      } catch (IllegalArgumentException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > 1000, "refused " + refused);
  }

  @Test
  void aFileThatIsNoModelIsRefused() {
    refusal(new byte[0]);
    refusal("{\"model\": \"bpe\"}\n".repeat(100).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void filesAndPiecesBeyondAnyModelsAreRefused(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.model");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(1L << 32);
    }
    String message =
        assertThrows(IllegalArgumentException.class, () -> SentencePieceTokenizer.load(file))
            .getMessage();
    assertTrue(
        message.endsWith(
            "has 4294967296 bytes, a tokenizer.model at most 16777216; copy or download it again"),
        message);
    byte[] piece = new byte[3 + 257];
    Arrays.fill(piece, (byte) 'a');
    byte[] field = {1 << 3 | 2, (byte) (257 % 128 | 128), 257 / 128};
    System.arraycopy(field, 0, piece, 0, 3);
    assertTrue(refusal(appended(1, piece)).contains("has 257 characters, at most"));
    assertEquals(
        "dir/tokenizer.model: a part of it has 4194305 bytes, at most 4194304 are read; copy the"
            + " file again",
        refusal(appended(2, new byte[(1 << 22) + 1])));
    byte[] many = new byte[2 * (1 << 19)];
    for (int i = 0; i < many.length; i += 2) {
      many[i] = 1 << 3 | 2;
    }
    var model = new ByteArrayOutputStream();
    model.write(MODEL);
    model.write(many);
    assertTrue(refusal(model.toByteArray()).contains("piece 524288 has 0 characters"));
  }

  @Test
  void textThatIsNotUtf8IsDamaged() throws IOException {
    byte[] notUtf8 = {1 << 3 | 2, 1, (byte) 0xFF};
    assertTrue(refusal(appended(1, notUtf8)).contains("are damaged, after 300 pieces"));
    byte[] endPiece = {(byte) (((47 << 3) & 0x7F) | 2 | 0x80), 47 >> 4, 1, (byte) 0xFF};
    assertTrue(refusal(appended(2, endPiece)).contains("are damaged"));
  }

  @Test
  void otherModelTypesAreRefusedByName() throws IOException {
    assertEquals(
        "dir/tokenizer.model: model type unigram is not supported, only bpe is; train with"
            + " model_type=bpe",
        refusal(withTrainerNumber(3, 1)));
    assertTrue(refusal(withTrainerNumber(3, 3)).contains("model type word"));
    assertTrue(refusal(withTrainerNumber(3, 9)).contains("model type 9"));
  }

  @Test
  void aCharacterMapIsRefusedByName() throws IOException {
    assertEquals(
        "dir/tokenizer.model: its normalizer 'n' has a character map of 2 bytes, only identity is"
            + " supported; train with normalization_rule_name=identity",
        refusal(appended(3, new byte[] {1 << 3 | 2, 1, 'n', 2 << 3 | 2, 2, 7, 7})));
    assertTrue(refusal(appended(5, new byte[] {2 << 3 | 2, 1, 7})).contains("denormalizer"));
  }

  @Test
  void unsupportedOptionsAndPiecesAreRefusedByName() throws IOException {
    assertTrue(refusal(withTrainerNumber(24, 1)).contains("treat_whitespace_as_suffix"));
    assertTrue(refusal(withTrainerNumber(35, 0)).contains("256 byte pieces instead of 0"));
    byte[] unused = {1 << 3 | 2, 1, 'q', 3 << 3, 5};
    assertTrue(
        refusal(appended(1, unused))
            .contains("piece 300 is of a type that is not supported (unused)"));
    byte[] unheardOf = {1 << 3 | 2, 1, 'q', 3 << 3, 77};
    assertTrue(
        refusal(appended(1, unheardOf))
            .contains(
                "piece 300 is of a type that is not supported (unknown to this program: 77)"));
    byte[] duplicate = {1 << 3 | 2, 1, 'T'};
    assertTrue(refusal(appended(1, duplicate)).contains("and 300 are the same text"));
    byte[] secondUnknown = {1 << 3 | 2, 1, 'q', 3 << 3, 2};
    assertTrue(refusal(appended(1, secondUnknown)).contains("2 unknown pieces instead of 1"));
    byte[] notANumber = {1 << 3 | 2, 1, 'q', 2 << 3 | 5, 0, 0, (byte) 0xC0, 0x7F};
    assertTrue(refusal(appended(1, notANumber)).contains("score NaN"));
  }
}
