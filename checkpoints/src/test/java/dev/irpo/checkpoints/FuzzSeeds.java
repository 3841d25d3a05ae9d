package dev.irpo.checkpoints;

import dev.irpo.checkpoints.arrow.WeightsWriter;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.gguf.GgufWriter;
import dev.irpo.checkpoints.huggingface.SafetensorsWriter;
import dev.irpo.checkpoints.table.TableRow;
import dev.irpo.checkpoints.table.TableSchema;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.checkpoints.torch.PickleWriter;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;

/// The smallest whole files of every format, which a fuzzer starts from.
final class FuzzSeeds {
  /// dim 4, 2 heads of 2, 1 KV head, 1 layer.
  static final String PARAMS = "{\"dim\": 4, \"n_heads\": 2, \"n_kv_heads\": 1, \"n_layers\": 1}";

  private static final int Q8_0 = 8;
  private static final int WIDE = 32;

  private FuzzSeeds() {}

  /// Writes one file.
  @FunctionalInterface
  interface Writer {
    void write(Path file) throws IOException;
  }

  /// What a writer writes.
  static byte[] bytes(Writer writer) {
    try {
      Path folder = Files.createTempDirectory("seed");
      Path file = folder.resolve("file");
      writer.write(file);
      byte[] bytes = Files.readAllBytes(file);
      Files.delete(file);
      Files.delete(folder);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What a file with these bytes has as a checksum.
  static String sha256(byte[] content) {
    try {
      Path file = Files.createTempFile("seed", "");
      Files.write(file, content);
      String sha256 = Checksums.ofContents(file);
      Files.delete(file);
      return sha256;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static List<StoredTensor> tensors() {
    return List.of(
        TestModels.tensor("a", DType.F32, 1, 2, 3), TestModels.tensor("b", DType.F16, 2, 5));
  }

  static byte[] safetensors() {
    return bytes(file -> SafetensorsWriter.write(file, tensors()));
  }

  /// dim 4, hidden_dim 3, 1 layer, 2 heads, 1 KV head, 3 tokens with a head of their own, seq_len
  /// 2.
  static byte[] llama2c() {
    int elements = 12 + (4 + 16 + 8 + 8 + 16 + 4 + 12 + 12 + 12) + 4 + 4 + 12;
    ByteBuffer file = ByteBuffer.allocate(28 + 4 * elements).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(4).putInt(3).putInt(1).putInt(2).putInt(1).putInt(-3).putInt(2);
    return file.array();
  }

  /// Two tensors, one in two slices.
  static byte[] arrowWeights() {
    List<StoredTensor> floats =
        List.of(TestModels.tensor("a", DType.F32, 1, 2, 3), TestModels.tensor("b", DType.F32, 2));
    return bytes(file -> WeightsWriter.write(file, floats, DType.F32, 4));
  }

  static byte[] gguf() {
    GgufWriter writer = new GgufWriter();
    writer.values.put("general.architecture", "llama");
    writer.values.put("llama.block_count", 1);
    writer.values.put("llama.context_length", 8);
    writer.values.put("llama.embedding_length", WIDE);
    writer.values.put("llama.feed_forward_length", 2);
    writer.values.put("llama.attention.head_count", 2);
    writer.values.put("llama.attention.head_count_kv", 1);
    writer.values.put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    writer.values.put("general.tags", new GgufWriter.Raw(9, strings("x", "yz")));
    addQ8(writer, "token_embd", 3);
    addQ8(writer, "blk.0.attn_q", WIDE);
    addQ8(writer, "blk.0.attn_k", WIDE / 2);
    addQ8(writer, "blk.0.attn_v", WIDE / 2);
    addQ8(writer, "blk.0.attn_output", WIDE);
    addQ8(writer, "blk.0.ffn_gate", 2);
    addQ8(writer, "blk.0.ffn_up", 2);
    writer.add("blk.0.ffn_down.weight", 1, new byte[2 * 2 * WIDE], WIDE, 2);
    for (String norm : List.of("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm")) {
      writer.add(norm + ".weight", 0, new byte[4 * WIDE], WIDE);
    }
    return writer.bytes();
  }

  private static byte[] strings(String one, String other) {
    return GgufWriter.concat(
        GgufWriter.int32(8), GgufWriter.int64(2), GgufWriter.string(one), GgufWriter.string(other));
  }

  private static void addQ8(GgufWriter writer, String name, int rows) {
    writer.add(name + ".weight", Q8_0, new byte[rows * 34], rows, WIDE);
  }

  /// One of as many equal files as a model of [#PARAMS] is split into.
  static SequencedMap<String, StoredTensor> meta(int files) {
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    add(tensors, "tok_embeddings", 4, 4);
    add(tensors, "layers.0.attention.wq", 4 / files, 4);
    add(tensors, "layers.0.attention.wk", 2 / files, 4);
    add(tensors, "layers.0.attention.wv", 2 / files, 4);
    add(tensors, "layers.0.attention.wo", 4, 4 / files);
    add(tensors, "layers.0.feed_forward.w1", 2, 4);
    add(tensors, "layers.0.feed_forward.w2", 4, 2);
    add(tensors, "layers.0.feed_forward.w3", 2, 4);
    add(tensors, "layers.0.attention_norm", 4);
    add(tensors, "layers.0.ffn_norm", 4);
    add(tensors, "norm", 4);
    add(tensors, "output", 4, 4);
    return tensors;
  }

  private static void add(Map<String, StoredTensor> tensors, String name, long... sizes) {
    tensors.put(name + ".weight", TestModels.tensor(name, DType.BF16, 1, sizes));
  }

  /// A dictionary of one tensor of the three floats of storage 0.
  static byte[] pickle() {
    return new PickleWriter()
        .op('}')
        .put()
        .text("w")
        .tensor(DType.F32, "0", 3, 0, new long[] {3}, new long[] {1})
        .op('s')
        .stop();
  }

  /// A row of a table with a column of every type.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Row(String text, int number, boolean truth, int[] ids, float[] values) {
    static final TableSchema<Row> SCHEMA =
        new TableSchema<Row>()
            .utf8("text", Row::text)
            .nullableUtf8("maybe", row -> row.truth() ? row.text() : null)
            .int32("number", Row::number)
            .int64("wide", Row::number)
            .float32("float", Row::number)
            .float64("double", Row::number)
            .bool("truth", Row::truth)
            .int32List("ids", Row::ids)
            .float32List("values", Row::values);

    /// Reads every column of a row.
    static void readAll(TableRow row) {
      row.utf8("text");
      row.nullableUtf8("maybe");
      row.int32("number");
      row.int64("wide");
      row.float32("float");
      row.float64("double");
      row.bool("truth");
      row.int32List("ids");
      row.float32List("values");
    }
  }

  static byte[] table() {
    List<Row> rows =
        List.of(
            new Row("one", 1, true, new int[] {1, 7}, new float[] {0.5f}),
            new Row("", -2, false, new int[0], new float[] {1, 2}));
    return bytes(file -> TableWriter.writeAll(file, Row.SCHEMA, rows));
  }

  /// The same in the stream format.
  static byte[] stream() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowFileReader reader =
            new ArrowFileReader(new ByteArrayReadableSeekableByteChannel(table()), allocator);
        ArrowStreamWriter writer =
            new ArrowStreamWriter(reader.getVectorSchemaRoot(), null, Channels.newChannel(out))) {
      writer.start();
      while (reader.loadNextBatch()) {
        writer.writeBatch();
      }
      writer.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
