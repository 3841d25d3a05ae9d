package dev.irpo.checkpoints.huggingface;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.model.StoredModel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Folders that were made to harm: each is refused at once, in one line.
@Timeout(5)
class HostileSafetensorsTest {
  private static final String ONE =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";

  @TempDir Path folder;

  @Test
  void headersOfGigabytesAreRefusedThoughTheFileIsThatLong() throws IOException {
    for (long length : new long[] {2_000_001, 1L << 31, 1L << 33}) {
      Path file = write("model.safetensors", "{}", 0);
      try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
        sparse.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
        sparse.setLength(8 + length);
      }
      refuse("header has " + length, "at most 2000000");
    }
  }

  @Test
  void offsetsThatAreNoWholeNumbersOfALongAreRefused() throws IOException {
    for (String end : new String[] {"4.5", "\"4\"", "18446744073709551620", "1e30", "null"}) {
      write("model.safetensors", ONE.replace("[0,4]", "[0," + end + "]"), 4);
      refuse("'a'", "4 bytes");
    }
  }

  @Test
  void namesAndOffsetsOfAnyLengthMakeOneLine() throws IOException {
    write("model.safetensors", ONE.replace("\"a\"", "\"a\\n\\u2028b\"").replace("[1]", "[2]"), 4);
    refuse("'a b'", "8 bytes");
    write("model.safetensors", ONE.replace("[0,4]", "[" + "0,".repeat(100_000) + "4]"), 4);
    refuse("'a'", "…");
  }

  @Test
  void nestedJsonIsRefused() throws IOException {
    write("model.safetensors", "{\"a\":" + "[".repeat(1_000_000), 0);
    refuse("not valid JSON", "depth");
  }

  @Test
  void anIndexCannotLeadOutOfItsFolder() throws IOException {
    Path inside = Files.createDirectory(folder.resolve("model"));
    Path secret = write("secret.safetensors", ONE, 4);
    Files.createSymbolicLink(inside.resolve("link.safetensors"), secret);
    Files.createSymbolicLink(inside.resolve("up"), folder);
    Files.writeString(inside.resolve("config.json"), "{}");
    for (String name :
        new String[] {
          "../secret.safetensors",
          secret.toString(),
          "link.safetensors",
          "up/secret.safetensors",
          ".",
          ""
        }) {
      index(inside, "{\"a\":\"" + name + "\"}");
      assertRefused(() -> ModelFormats.open(inside).close(), "outside its folder");
    }
    for (String name : new String[] {"x\\u0000", "x\\ny", "x".repeat(5000)}) {
      index(inside, "{\"a\":\"" + name + "\"}");
      assertRefused(() -> ModelFormats.open(inside).close(), "cannot exist");
    }
  }

  @Test
  void anIndexWithoutFilesIsRefused() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    index(folder, "{}");
    refuse("names files");
    index(folder, "{\"a\":\"gone.safetensors\"}");
    refuse("gone.safetensors", "no such file");
  }

  @Test
  void linksIntoTheFolderThatKeepsTheIndexAreFollowedAsTheHubsCacheNeeds() throws IOException {
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
    Files.move(write("0123", ONE, 4), blobs.resolve("0123"));
    Files.writeString(snapshot.resolve("config.json"), "{}");
    index(snapshot, "{\"a\":\"m.safetensors\"}");
    Path index = snapshot.resolve(HuggingFaceFormat.INDEX);
    Files.move(index, blobs.resolve("4567"));
    Files.createSymbolicLink(index, Path.of("../blobs/4567"));
    Files.createSymbolicLink(snapshot.resolve("m.safetensors"), Path.of("../blobs/0123"));
    try (StoredModel model = ModelFormats.open(snapshot)) {
      assertEquals(1, model.tensors().size());
    }
  }

  @Test
  void aConfigOfMegabytesIsRefused() throws IOException {
    write("model.safetensors", ONE, 4);
    try (RandomAccessFile sparse =
        new RandomAccessFile(folder.resolve("config.json").toFile(), "rw")) {
      sparse.setLength(1L << 32);
    }
    assertRefused(() -> ModelFormats.open(folder).close(), "config.json", "4294967296", "2000000");
  }

  private void refuse(String... facts) throws IOException {
    if (!Files.exists(folder.resolve("config.json"))) {
      Files.writeString(folder.resolve("config.json"), "{}");
    }
    assertRefused(() -> ModelFormats.open(folder).close(), facts);
  }

  private static void index(Path target, String weightMap) throws IOException {
    Files.writeString(
        target.resolve(HuggingFaceFormat.INDEX), "{\"weight_map\":" + weightMap + "}");
  }

  private Path write(String name, String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    return Files.write(folder.resolve(name), bytes.putLong(text.length).put(text).array());
  }
}
