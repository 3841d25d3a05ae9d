package dev.irpo.checkpoints.llama2c;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.model.HalfSplitRows;
import dev.irpo.checkpoints.model.LlamaConfigJson;
import dev.irpo.checkpoints.model.LlamaConfigJson.Rope;
import dev.irpo.checkpoints.model.LlamaConfigJson.Sizes;
import dev.irpo.checkpoints.model.LlamaConfigJson.Tokens;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// A llama2.c checkpoint of version 0, read as if it were a Hugging Face one.
///
/// ```text
/// int32 dim, hidden_dim, n_layers, n_heads, n_kv_heads, ±vocab_size (− = own head), seq_len
/// float32 embeddings (V, C) │ attention norms (L, C) │ wq (L, C, C) │ wk, wv (L, G·D, C) │ wo (L, C, C)
///         ffn norms (L, C) │ w1 (L, F, C) │ w2 (L, C, F) │ w3 (L, F, C) │ final norm (C)
///         freq_cis_real, freq_cis_imag (seq_len, D/2), not read │ wcls (V, C) if vocab_size < 0
/// ```
///
/// Everything is a view of the memory map but the query and key projections, whose rows are copied
/// into Hugging Face's order: within a head, row i is Meta's row 2i and row D/2 + i is 2i + 1.
/// Source: karpathy/llama2.c, `run.c` (`memory_map_weights`) and `export.py` (`legacy_export`).
final class Llama2cFile {
  private static final int HEADER_BYTES = 7 * Integer.BYTES;
  private static final int LATER_VERSION_MAGIC = 0x616b3432; // "ak42"

  private final Path path;
  private final MemorySegment file;
  private final Header header;
  private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
  private long position = HEADER_BYTES;

  private record Header(
      int embedDim,
      int ffnDim,
      int numLayers,
      int numHeads,
      int numKvHeads,
      int vocabSize,
      int seqLen,
      boolean tied) {
    int headDim() {
      return embedDim / numHeads;
    }

    int kvDim() {
      return numKvHeads * headDim();
    }

    /// Bytes of the whole file.
    long fileBytes() {
      long c = embedDim;
      long layer = 2 * c + 2 * c * c + 2 * c * kvDim() + 3 * c * ffnDim;
      long tables = (long) seqLen * (headDim() / 2) * 2;
      long vocab = Math.multiplyExact(c * vocabSize, tied ? 1L : 2L);
      long elements = Math.addExact(Math.multiplyExact(layer, numLayers), vocab + c + tables);
      return Math.addExact(Math.multiplyExact(elements, (long) Float.BYTES), HEADER_BYTES);
    }
  }

  private Llama2cFile(Path path, Arena arena) throws IOException {
    this.path = path;
    this.file = MappedFiles.map(path, arena);
    this.header = header();
  }

  static ModelParts read(Path path, Arena arena) throws IOException {
    Llama2cFile model = new Llama2cFile(path, arena);
    model.readTensors();
    return new ModelParts(model.config(), model.tensors);
  }

  private Header header() {
    if (file.byteSize() < HEADER_BYTES) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, a llama2.c header alone has %d; fetch it again"
              .formatted(path, file.byteSize(), HEADER_BYTES));
    }
    if (field(0) == LATER_VERSION_MAGIC) {
      throw new IllegalArgumentException(
          "%s: is a llama2.c file of version %d; only version 0 is read: export it with --version 0"
              .formatted(path, field(1)));
    }
    for (int i = 0; i < 7; i++) {
      if (i == 5 ? field(i) == 0 || field(i) == Integer.MIN_VALUE : field(i) <= 0) {
        throw new IllegalArgumentException(
            "%s: header field %d is %d, so it is not a llama2.c checkpoint; give another file"
                .formatted(path, i, field(i)));
      }
    }
    Header read =
        new Header(
            field(0),
            field(1),
            field(2),
            field(3),
            field(4),
            Math.abs(field(5)),
            field(6),
            field(5) > 0);
    if (read.embedDim() % read.numHeads() != 0
        || read.headDim() % 2 != 0
        || read.numHeads() % read.numKvHeads() != 0) {
      throw new IllegalArgumentException(
          "%s: dim %d, n_heads %d, n_kv_heads %d do not divide; it is not a llama2.c checkpoint"
              .formatted(path, read.embedDim(), read.numHeads(), read.numKvHeads()));
    }
    requireSize(read);
    return read;
  }

  private void requireSize(Header read) {
    long needed;
    try {
      needed = read.fileBytes();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          path + ": its header describes more bytes than any file has; fetch it again", e);
    }
    if (needed != file.byteSize()) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, its header needs %d; fetch it again"
              .formatted(path, file.byteSize(), needed));
    }
  }

  private int field(int index) {
    return file.get(LittleEndian.INT, (long) index * Integer.BYTES);
  }

  private void readTensors() {
    Header h = header;
    int c = h.embedDim();
    add("model.embed_tokens.weight", next(Shape.of(h.vocabSize(), c)));
    addLayers("input_layernorm", Shape.of(c));
    addRotatedLayers("self_attn.q_proj", Shape.of(c, c));
    addRotatedLayers("self_attn.k_proj", Shape.of(h.kvDim(), c));
    addLayers("self_attn.v_proj", Shape.of(h.kvDim(), c));
    addLayers("self_attn.o_proj", Shape.of(c, c));
    addLayers("post_attention_layernorm", Shape.of(c));
    addLayers("mlp.gate_proj", Shape.of(h.ffnDim(), c));
    addLayers("mlp.down_proj", Shape.of(c, h.ffnDim()));
    addLayers("mlp.up_proj", Shape.of(h.ffnDim(), c));
    add("model.norm.weight", next(Shape.of(c)));
    position += (long) h.seqLen() * h.headDim() * Float.BYTES; // both RoPE tables
    if (!h.tied()) {
      add("lm_head.weight", next(Shape.of(h.vocabSize(), c)));
    }
  }

  private void addLayers(String part, Shape shape) {
    for (int layer = 0; layer < header.numLayers(); layer++) {
      add(layerName(layer, part), next(shape));
    }
  }

  private void addRotatedLayers(String part, Shape shape) {
    for (int layer = 0; layer < header.numLayers(); layer++) {
      Stored interleaved = next(shape);
      add(layerName(layer, part), new Stored(shape, halfSplit(interleaved.content(), shape)));
    }
  }

  private TensorContent halfSplit(TensorContent interleaved, Shape shape) {
    long rowBytes = (long) shape.size(1) * Float.BYTES;
    return new HalfSplitRows(interleaved, header.headDim(), rowBytes);
  }

  private static String layerName(int layer, String part) {
    return "model.layers.%d.%s.weight".formatted(layer, part);
  }

  private record Stored(Shape shape, TensorContent content) {}

  private Stored next(Shape shape) {
    long bytes = shape.numElements() * Float.BYTES;
    Stored stored = new Stored(shape, TensorContent.of(file.asSlice(position, bytes)));
    position += bytes;
    return stored;
  }

  private void add(String name, Stored stored) {
    tensors.put(name, new StoredTensor(name, DType.F32, stored.shape(), stored.content()));
  }

  private ObjectNode config() {
    Sizes sizes =
        new Sizes(
            header.embedDim(),
            header.ffnDim(),
            header.numLayers(),
            header.numHeads(),
            header.numKvHeads(),
            header.headDim(),
            header.vocabSize(),
            header.seqLen());
    Rope rope = new Rope(10_000, Optional.empty());
    return new LlamaConfigJson(sizes, Tokens.LLAMA_2, 1e-5, rope, header.tied(), DType.F32)
        .toJson();
  }
}
