package dev.irpo.checkpoints;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.irpo.checkpoints.arrow.ArrowFormat;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.gguf.GgufWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceFormat;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.torch.PickleWriter;
import dev.irpo.checkpoints.torch.TorchWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.Schema;

/// Models that were made to harm whoever opens them, and a program that opens one.
enum HostileFiles {
  PICKLE_THAT_CALLS("asks for os.system, which is not part of a model; nothing of it was run") {
    @Override
    Path write(Path folder) throws IOException {
      byte[] pickle =
          new PickleWriter().global("os", "system").op('(').text("id").op('t', 'R').stop();
      Files.writeString(folder.resolve("params.json"), FuzzSeeds.PARAMS);
      TorchWriter.save(folder.resolve("consolidated.00.pth"), pickle, Map.of());
      return folder;
    }
  },
  HEADER_OF_2_GB("header has 2147483648 bytes, at most") {
    @Override
    Path write(Path folder) throws IOException {
      Path file = safetensors(folder, "{}", 0);
      try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
        sparse.write(GgufWriter.int64(1L << 31));
        sparse.setLength((1L << 31) + 8);
      }
      return folder;
    }
  },
  HEADER_OF_OBJECTS("tensor 'a' has") {
    @Override
    Path write(Path folder) throws IOException {
      safetensors(folder, "{\"a\":[" + "{},".repeat(660_000) + "{}]}", 0);
      return folder;
    }
  },
  HEADER_OF_NAMES("tensor 'k0' has") {
    @Override
    Path write(Path folder) throws IOException {
      StringBuilder header = new StringBuilder("{\"k0\":0");
      for (int i = 1; header.length() < 1_999_900; i++) {
        header.append(",\"k").append(i).append("\":0");
      }
      safetensors(folder, header.append('}').toString(), 0);
      return folder;
    }
  },
  OVERLAPPING_OFFSETS("a tensor begins at byte 4 where the one before it ends at 8") {
    @Override
    Path write(Path folder) throws IOException {
      safetensors(folder, "{\"a\":" + entry(2, 0, 8) + ",\"b\":" + entry(2, 4, 12) + "}", 12);
      return folder;
    }
  },
  NEGATIVE_OFFSETS("'a'") {
    @Override
    Path write(Path folder) throws IOException {
      safetensors(folder, "{\"a\":" + entry(1, -4, 0) + "}", 4);
      return folder;
    }
  },
  INDEX_THAT_LEAVES_ITS_FOLDER("names '../x.safetensors', which is outside its folder") {
    @Override
    Path write(Path folder) throws IOException {
      Files.writeString(folder.resolve(ModelFormat.CONFIG), "{}");
      return Files.writeString(
              folder.resolve(HuggingFaceFormat.INDEX),
              "{\"weight_map\":{\"a\":\"../x.safetensors\"}}")
          .getParent();
    }
  },
  GGUF_OF_ABSURD_COUNTS("says it has 9223372036854775807 tensors, at most") {
    @Override
    Path write(Path folder) throws IOException {
      GgufWriter writer = new GgufWriter();
      writer.numTensors = Long.MAX_VALUE;
      return Files.write(folder.resolve("m.gguf"), writer.bytes());
    }
  },
  GGUF_OF_AN_ABSURD_ARRAY("key 'x' is an array of 1099511627776, at most") {
    @Override
    Path write(Path folder) throws IOException {
      GgufWriter writer = new GgufWriter();
      byte[] array = GgufWriter.concat(GgufWriter.int32(8), GgufWriter.int64(1L << 40));
      writer.values.put("x", new GgufWriter.Raw(9, array));
      return Files.write(folder.resolve("m.gguf"), writer.bytes());
    }
  },
  ZIP_BOMB("is compressed or encrypted") {
    @Override
    Path write(Path folder) throws IOException {
      Files.writeString(folder.resolve("params.json"), FuzzSeeds.PARAMS);
      Deflater deflater = new Deflater(9, true);
      deflater.setInput(new byte[64 << 20]);
      deflater.finish();
      byte[] packed = new byte[1 << 20];
      int bytes = deflater.deflate(packed);
      deflater.end();
      byte[] zip = new TorchWriter().add("m/data.pkl", Arrays.copyOf(packed, bytes), 8).bytes();
      Files.write(folder.resolve("consolidated.00.pth"), zip);
      return folder;
    }
  },
  ZIP_OF_ONE_ENTRY_NAMED_OFTEN("inside of entry") {
    @Override
    Path write(Path folder) throws IOException {
      Files.writeString(folder.resolve("params.json"), FuzzSeeds.PARAMS);
      TorchWriter zip = new TorchWriter().add("m/data.pkl", new byte[1 << 20]);
      for (int i = 0; i < 9_000; i++) {
        zip.addToDirectory("m/data.pkl".getBytes(StandardCharsets.UTF_8), 0, 1 << 20, 0);
      }
      Files.write(folder.resolve("consolidated.00.pth"), zip.bytes());
      return folder;
    }
  },
  ARROW_SCHEMA_OF_ONE_TEXT_NAMED_OFTEN("says more than the") {
    @Override
    Path write(Path folder) throws IOException {
      Files.writeString(folder.resolve(ModelFormat.CONFIG), "{}");
      Files.writeString(folder.resolve(Manifest.FILE_NAME), "{}");
      Files.writeString(folder.resolve(ArrowFormat.INDEX), "{\"weight_map\":{\"a\":\"w\"}}");
      Files.write(folder.resolve("w"), arrowFile(footer()));
      return folder;
    }

    // 100,000 pairs that are all the same text of a megabyte
    private static byte[] footer() {
      FlatBufferBuilder builder = new FlatBufferBuilder();
      int text = builder.createString("x".repeat(1 << 20));
      int pair = KeyValue.createKeyValue(builder, text, text);
      int[] pairs = new int[100_000];
      Arrays.fill(pairs, pair);
      int metadata = Schema.createCustomMetadataVector(builder, pairs);
      int fields = Schema.createFieldsVector(builder, new int[0]);
      Schema.startSchema(builder);
      Schema.addFields(builder, fields);
      Schema.addCustomMetadata(builder, metadata);
      int schema = Schema.endSchema(builder);
      Footer.startFooter(builder);
      Footer.addVersion(builder, MetadataVersion.V5);
      Footer.addSchema(builder, schema);
      builder.finish(Footer.endFooter(builder));
      return builder.sizedByteArray();
    }
  };

  /// What the refusal says.
  final String fact;

  HostileFiles(String fact) {
    this.fact = fact;
  }

  /// Writes the model into an empty folder; the result is what a user would open.
  abstract Path write(Path folder) throws IOException;

  /// Opens the model that is given and prints what its refusal says.
  public static void main(String[] args) throws IOException {
    try (StoredModel opened = ModelFormats.open(Path.of(args[0]))) {
      throw new AssertionError(opened.path() + " was opened");
    } catch (IllegalArgumentException e) {
      System.out.println(e.getMessage());
    }
    for (String line : statusOfThisProcess()) {
      if (line.startsWith("VmHWM:")) {
        System.out.println(line);
      }
    }
  }

  private static List<String> statusOfThisProcess() throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status) ? Files.readAllLines(status) : List.of();
  }

  private static String entry(int elements, long begin, long end) {
    return "{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
        .formatted(elements, begin, end);
  }

  private static Path safetensors(Path folder, String header, int dataBytes) throws IOException {
    Files.writeString(folder.resolve(ModelFormat.CONFIG), "{}");
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return Files.write(
        folder.resolve(HuggingFaceFormat.WEIGHTS),
        GgufWriter.concat(GgufWriter.int64(text.length), text, new byte[dataBytes]));
  }

  private static byte[] arrowFile(byte[] footer) {
    byte[] magic = "ARROW1".getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(Arrays.copyOf(magic, 8));
    out.writeBytes(footer);
    out.writeBytes(GgufWriter.int32(footer.length));
    out.writeBytes(magic);
    return out.toByteArray();
  }
}
