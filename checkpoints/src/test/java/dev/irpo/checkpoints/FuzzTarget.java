package dev.irpo.checkpoints;

import static dev.irpo.checkpoints.FuzzSeeds.text;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.irpo.checkpoints.arrow.ArrowFormat;
import dev.irpo.checkpoints.arrow.BaseModel;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.gguf.GgufWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceFormat;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableRow;
import dev.irpo.checkpoints.torch.TorchFile;
import dev.irpo.checkpoints.torch.TorchWriter;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The readers of files that come from elsewhere, each with the inputs that it is given.
///
/// The first byte of an input says what the others are: the whole file, or the part of it that
/// plain bytes would hardly ever reach, or another file of the folder; the rest is then valid.
enum FuzzTarget {
  /// One safetensors file: all of it, or its header with the length put in front.
  SAFETENSORS {
    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Files.writeString(folder.resolve(ModelFormat.CONFIG), "{}");
      byte[] file =
          switch (part % 3) {
            case 0 -> input;
            case 1 -> withLength(input, new byte[20]);
            default -> withLength(text(FuzzJson.header(ByteBuffer.wrap(input))), new byte[20]);
          };
      Files.write(folder.resolve(HuggingFaceFormat.WEIGHTS), file);
      openAndRead(folder);
    }

    @Override
    List<byte[]> seeds() {
      return List.of(
          seed(0, SAFETENSORS_FILE),
          seed(1, text("{\"a\":{\"dtype\":\"BF16\",\"shape\":[2,5],\"data_offsets\":[0,20]}}")),
          seed(2, new byte[] {1, 0, 0, 1, 5, 0, 20}));
    }
  },

  /// A Hugging Face folder of two files: the index, a configuration or a file of tensors.
  SAFETENSORS_INDEX {
    private static final String INDEX =
        "{\"weight_map\":{\"a\":\"x.safetensors\",\"b\":\"x.safetensors\"}}";

    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Files.writeString(folder.resolve(ModelFormat.CONFIG), "{\"eos_token_id\": 2}");
      Files.writeString(folder.resolve(HuggingFaceFormat.INDEX), INDEX);
      Files.write(folder.resolve("x.safetensors"), SAFETENSORS_FILE);
      List<String> files =
          List.of(
              HuggingFaceFormat.INDEX,
              ModelFormat.CONFIG,
              "generation_config.json",
              "x.safetensors");
      Files.write(folder.resolve(files.get(part % files.size())), input);
      openAndRead(folder);
    }

    @Override
    List<byte[]> seeds() {
      return List.of(
          seed(0, text(INDEX)),
          seed(1, text("{\"model_type\": \"llama\", \"eos_token_id\": [1, null]}")),
          seed(2, text("{\"eos_token_id\": [3, 4]}")),
          seed(3, SAFETENSORS_FILE));
    }
  },

  /// A llama2.c file: all of it, or its header with as many bytes after it as it asks for.
  LLAMA2C {
    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Path file = folder.resolve("model.bin");
      Files.write(file, input);
      if (part % 2 == 1 && input.length >= 28) {
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
          sparse.setLength(needed(ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN)));
        }
      }
      openAndRead(file);
    }

    // the bytes of the file, whatever overflows, up to a megabyte
    private static long needed(ByteBuffer header) {
      long[] h = IntStream.range(0, 7).mapToLong(i -> header.getInt(4 * i)).toArray();
      long c = h[0];
      long headDim = h[3] == 0 ? 0 : c / h[3];
      long layer = 2 * c + 2 * c * c + 2 * c * h[4] * headDim + 3 * c * h[1];
      long vocab = c * Math.abs(h[5]) * (h[5] < 0 ? 2 : 1);
      long elements = layer * h[2] + vocab + c + h[6] * (headDim / 2) * 2;
      return 28 + Math.clamp(4 * elements, 0L, 1L << 20);
    }

    @Override
    List<byte[]> seeds() {
      byte[] file = FuzzSeeds.llama2c();
      return List.of(seed(0, file), seed(1, Arrays.copyOf(file, 28)));
    }
  },

  /// A converted folder: a file of weights, its directory of tensors, the index or the manifest.
  ARROW_WEIGHTS {
    private static final String INDEX = "{\"weight_map\":{\"a\":\"w\",\"b\":\"w\"}}";

    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Files.writeString(folder.resolve(ModelFormat.CONFIG), "{}");
      byte[] index = part % 3 == 1 ? input : text(INDEX);
      byte[] weights = part % 3 == 0 ? input : WEIGHTS;
      Files.write(folder.resolve(ArrowFormat.INDEX), index);
      Files.write(folder.resolve("w"), weights);
      Files.write(folder.resolve(Manifest.FILE_NAME), part % 3 == 2 ? input : text("{}"));
      openAndRead(folder);
    }

    @Override
    List<byte[]> seeds() {
      String manifest =
          "{\"files\":{\"w\":{\"bytes\":%d,\"sha256\":\"0\"}}}".formatted(WEIGHTS.length);
      return List.of(seed(0, WEIGHTS), seed(1, text(INDEX)), seed(2, text(manifest)));
    }
  },

  /// A converted folder with a part of a model, beside its base: `base.json`, or the path in it.
  ARROW_PART {
    private static final String BASE = "m.bin";
    private static final String JSON =
        "{\"model\":%s,\"sha256\":\"%s\",\"tensors\":[\"a\",\"model.norm.weight\",\"b\"]}";

    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Files.writeString(folder.resolve(ModelFormat.CONFIG), "{}");
      Files.writeString(
          folder.resolve(ArrowFormat.INDEX), "{\"weight_map\":{\"a\":\"w\",\"b\":\"w\"}}");
      Files.write(folder.resolve("w"), WEIGHTS);
      Files.write(folder.resolve(BASE), LLAMA2C_FILE);
      byte[] json = input;
      if (part % 2 == 1) {
        String path = TextNode.valueOf(new String(input, StandardCharsets.UTF_8)).toString();
        json = text(JSON.formatted(path, BASE_SHA256));
      }
      Path file = Files.write(folder.resolve(BaseModel.FILE_NAME), json);
      Files.writeString(
          folder.resolve(Manifest.FILE_NAME),
          "{\"files\":{\"%s\":{\"bytes\":%d,\"sha256\":\"%s\"}}}"
              .formatted(BaseModel.FILE_NAME, json.length, Checksums.sha256(file)));
      openAndRead(folder);
    }

    @Override
    List<byte[]> seeds() {
      String json = JSON.formatted("\"" + BASE + "\"", BASE_SHA256);
      return List.of(seed(0, text(json)), seed(1, text(BASE)));
    }
  },

  /// A table of rollouts or of anything else.
  ARROW_TABLE {
    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Path file = Files.write(folder.resolve("table.arrow"), input);
      try (TableReader reader = TableReader.open(file)) {
        reader.columnNames();
        reader.forEach(part % 2 == 0 ? FuzzSeeds.Row::readAll : TableRow::json);
      }
    }

    @Override
    List<byte[]> seeds() {
      byte[] stream = FuzzSeeds.stream();
      return List.of(seed(0, FuzzSeeds.table()), seed(0, stream), seed(1, stream));
    }
  },

  /// A folder of Meta's: one of one or two equal files, or `params.json`.
  META {
    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Path first = folder.resolve("consolidated.00.pth");
      Files.write(folder.resolve("params.json"), part % 3 == 2 ? input : text(FuzzSeeds.PARAMS));
      switch (part % 3) {
        case 0 -> Files.write(first, input);
        case 1 -> {
          Files.write(first, input);
          Files.write(folder.resolve("consolidated.01.pth"), input);
        }
        default -> Files.write(first, META_FILE);
      }
      openAndRead(folder);
    }

    @Override
    List<byte[]> seeds() {
      return List.of(seed(0, META_FILE), seed(1, metaFile(2)), seed(2, text(FuzzSeeds.PARAMS)));
    }
  },

  /// A `.pth` file whose tensors need no names of Llama's: all of it, or its pickle.
  TORCH {
    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      Path file = folder.resolve("x.pth");
      if (part % 2 == 0) {
        Files.write(file, input);
      } else {
        TorchWriter.save(file, input, Map.of("0", new byte[12]));
      }
      try (Arena arena = Arena.ofConfined()) {
        TorchFile.read(file, arena).values().forEach(FuzzTarget::readEnds);
      }
    }

    @Override
    List<byte[]> seeds() {
      byte[] whole =
          FuzzSeeds.bytes(
              file -> TorchWriter.save(file, FuzzSeeds.pickle(), Map.of("0", new byte[12])));
      return List.of(seed(0, whole), seed(1, FuzzSeeds.pickle()));
    }
  },

  /// A GGUF file.
  GGUF {
    @Override
    void read(int part, byte[] input, Path folder) throws IOException {
      openAndRead(Files.write(folder.resolve("m.gguf"), input));
    }

    @Override
    List<byte[]> seeds() {
      return List.of(seed(0, FuzzSeeds.gguf()));
    }
  };

  private static final byte[] SAFETENSORS_FILE = FuzzSeeds.safetensors();
  private static final byte[] WEIGHTS = FuzzSeeds.arrowWeights();
  private static final byte[] META_FILE = metaFile(1);
  private static final byte[] LLAMA2C_FILE = FuzzSeeds.llama2c();
  private static final String BASE_SHA256 = FuzzSeeds.sha256(LLAMA2C_FILE);

  /// Reads an input as files of an empty folder; a refusal is an [IllegalArgumentException] or an
  /// [IOException].
  abstract void read(int part, byte[] input, Path folder) throws IOException;

  /// Inputs that are read without complaint.
  abstract List<byte[]> seeds();

  /// Reads an input, and fails unless that succeeds or is refused in one line that names the file.
  void check(byte[] input, Path folder) throws IOException {
    if (input.length == 0) {
      return;
    }
    try {
      read(Byte.toUnsignedInt(input[0]), Arrays.copyOfRange(input, 1, input.length), folder);
    } catch (IllegalArgumentException | IOException e) {
      String message = String.valueOf(e.getMessage());
      if (!message.startsWith(folder.toString())
          || message.codePoints().anyMatch(c -> Character.isISOControl(c) || c == 0x2028)
          || message.length() > 2000) {
        throw new AssertionError("not one line that begins with the file: " + message, e);
      }
    } finally {
      for (String name : folder.toFile().list()) {
        Files.delete(folder.resolve(name));
      }
    }
  }

  private static void openAndRead(Path model) throws IOException {
    try (StoredModel opened = ModelFormats.open(model)) {
      opened.config();
      opened.tensors().values().forEach(FuzzTarget::readEnds);
    }
  }

  /// Reads the first and the last element.
  private static void readEnds(StoredTensor tensor) {
    MemorySegment element = MemorySegment.ofArray(new byte[tensor.dtype().bytes()]);
    tensor.content().read(0, element);
    tensor.content().read(tensor.content().byteSize() - element.byteSize(), element);
  }

  private static byte[] metaFile(int files) {
    return FuzzSeeds.bytes(file -> TorchWriter.save(file, FuzzSeeds.meta(files)));
  }

  private static byte[] seed(int part, byte[] input) {
    return GgufWriter.concat(new byte[] {(byte) part}, input);
  }

  private static byte[] withLength(byte[] header, byte[] data) {
    return GgufWriter.concat(GgufWriter.int64(header.length), header, data);
  }
}
