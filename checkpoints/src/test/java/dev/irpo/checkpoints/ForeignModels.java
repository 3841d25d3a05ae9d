package dev.irpo.checkpoints;

import static dev.irpo.checkpoints.TestModels.bytes;
import static dev.irpo.checkpoints.TestModels.stored;
import static dev.irpo.checkpoints.TestModels.tensor;

import dev.irpo.checkpoints.gguf.GgufWriter;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A model under Hugging Face's names, in Hugging Face's order of rows, as other programs keep it.
public final class ForeignModels {
  /// Residual width of [#model].
  private static final int EMBED_DIM = 16;

  private ForeignModels() {}

  /// A model of two layers under Hugging Face's names, in Hugging Face's order of rows.
  public static List<StoredTensor> model(DType dtype, int vocabSize, boolean ownHead) {
    List<StoredTensor> model = new ArrayList<>();
    model.add(tensor("model.embed_tokens.weight", dtype, 1, vocabSize, EMBED_DIM));
    for (int i = 0; i < 2; i++) {
      String layer = "model.layers.%d.".formatted(i);
      int seed = 10 * i + 10;
      model.add(tensor(layer + "self_attn.q_proj.weight", dtype, seed, EMBED_DIM, EMBED_DIM));
      model.add(tensor(layer + "self_attn.k_proj.weight", dtype, seed + 1, 8, EMBED_DIM));
      model.add(tensor(layer + "self_attn.v_proj.weight", dtype, seed + 2, 8, EMBED_DIM));
      model.add(tensor(layer + "self_attn.o_proj.weight", dtype, seed + 3, EMBED_DIM, EMBED_DIM));
      model.add(tensor(layer + "mlp.gate_proj.weight", dtype, seed + 4, 24, EMBED_DIM));
      model.add(tensor(layer + "mlp.up_proj.weight", dtype, seed + 5, 24, EMBED_DIM));
      model.add(tensor(layer + "mlp.down_proj.weight", dtype, seed + 6, EMBED_DIM, 24));
      model.add(tensor(layer + "input_layernorm.weight", dtype, seed + 7, EMBED_DIM));
      model.add(tensor(layer + "post_attention_layernorm.weight", dtype, seed + 8, EMBED_DIM));
    }
    model.add(tensor("model.norm.weight", dtype, 2, EMBED_DIM));
    if (ownHead) {
      model.add(tensor("lm_head.weight", dtype, 3, vocabSize, EMBED_DIM));
    }
    return model;
  }

  /// Under Meta's names and in Meta's order of rows, with the table that is not read.
  public static SequencedMap<String, StoredTensor> meta(List<StoredTensor> model, int headDim) {
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (StoredTensor tensor : model) {
      String name =
          tensor
              .name()
              .replace("model.", "")
              .replace("embed_tokens", "tok_embeddings")
              .replace("self_attn.q_proj", "attention.wq")
              .replace("self_attn.k_proj", "attention.wk")
              .replace("self_attn.v_proj", "attention.wv")
              .replace("self_attn.o_proj", "attention.wo")
              .replace("mlp.gate_proj", "feed_forward.w1")
              .replace("mlp.down_proj", "feed_forward.w2")
              .replace("mlp.up_proj", "feed_forward.w3")
              .replace("input_layernorm", "attention_norm")
              .replace("post_attention_layernorm", "ffn_norm")
              .replace("lm_head", "output");
      boolean rotated = name.endsWith("wq.weight") || name.endsWith("wk.weight");
      byte[] data = rotated ? interleaved(tensor, headDim) : bytes(tensor.data());
      tensors.put(name, stored(tensor.name(), tensor.dtype(), tensor.shape(), data));
    }
    tensors.put("rope.freqs", tensor("rope.freqs", DType.BF16, 5, headDim / 2));
    return tensors;
  }

  /// What one of several of Meta's files holds.
  ///
  /// @param embeddingAxis along which the embedding is split
  public static SequencedMap<String, StoredTensor> part(
      SequencedMap<String, StoredTensor> tensors, int index, int count, int embeddingAxis) {
    SequencedMap<String, StoredTensor> part = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> {
      if (tensor.shape().rank() == 1) {
        part.put(name, tensor);
      } else {
        boolean columns = name.endsWith(".wo.weight") || name.endsWith(".w2.weight");
        int axis = name.startsWith("tok_") ? embeddingAxis : columns ? 1 : 0;
        part.put(name, slice(tensor, axis, index, count));
      }
    });
    return part;
  }

  /// As llama.cpp's converter writes it: its names and order of rows, norms in F32.
  public static GgufWriter gguf(List<StoredTensor> model, int headDim, float ropeTheta) {
    Map<String, Shape> shapes =
        model.stream().collect(Collectors.toMap(StoredTensor::name, StoredTensor::shape));
    Function<String, Shape> first = name -> shapes.get("model.layers.0." + name + ".weight");
    GgufWriter writer = new GgufWriter();
    writer.values.put("general.architecture", "llama");
    writer.values.put(
        "llama.block_count",
        (int) shapes.keySet().stream().filter(name -> name.contains("q_proj")).count());
    writer.values.put("llama.context_length", 128);
    writer.values.put("llama.embedding_length", first.apply("self_attn.q_proj").size(1));
    writer.values.put("llama.feed_forward_length", first.apply("mlp.up_proj").size(0));
    writer.values.put(
        "llama.attention.head_count", first.apply("self_attn.q_proj").size(0) / headDim);
    writer.values.put(
        "llama.attention.head_count_kv", first.apply("self_attn.k_proj").size(0) / headDim);
    writer.values.put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    writer.values.put("llama.rope.freq_base", ropeTheta);
    for (StoredTensor tensor : model.reversed()) {
      String name = ggufName(tensor.name());
      boolean rotated = name.contains("attn_q") || name.contains("attn_k");
      byte[] data = rotated ? interleaved(tensor, headDim) : bytes(tensor.data());
      boolean widened = tensor.shape().rank() == 1;
      int type =
          switch (tensor.dtype()) {
            case BF16 -> 30;
            case F16 -> 1;
            default -> 0;
          };
      writer.add(
          name,
          widened ? 0 : type,
          widened ? widened(data, tensor.dtype()) : data,
          tensor.shape().toArray());
    }
    return writer;
  }

  private static String ggufName(String name) {
    return name.replace("model.embed_tokens", "token_embd")
        .replace("model.layers", "blk")
        .replace("self_attn.o_proj", "attn_output")
        .replaceAll("self_attn\\.(.)_proj", "attn_$1")
        .replaceAll("mlp\\.(.*)_proj", "ffn_$1")
        .replace("input_layernorm", "attn_norm")
        .replace("post_attention_layernorm", "ffn_norm")
        .replace("model.norm", "output_norm")
        .replace("lm_head", "output");
  }

  /// Row i of a head goes to 2i, row D/2 + i to 2i + 1.
  private static byte[] interleaved(StoredTensor tensor, int headDim) {
    byte[] from = bytes(tensor.data());
    byte[] to = new byte[from.length];
    int rowBytes = tensor.shape().size(1) * tensor.dtype().bytes();
    int half = headDim / 2;
    for (int row = 0; row < tensor.shape().size(0); row++) {
      int inHead = row % headDim;
      int target = row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
      System.arraycopy(from, row * rowBytes, to, target * rowBytes, rowBytes);
    }
    return to;
  }

  private static StoredTensor slice(StoredTensor tensor, int axis, int index, int count) {
    int rows = tensor.shape().size(0) / (axis == 0 ? count : 1);
    int columns = tensor.shape().size(1) / (axis == 1 ? count : 1);
    int bytes = tensor.dtype().bytes();
    byte[] from = bytes(tensor.data());
    byte[] to = new byte[rows * columns * bytes];
    int fullRow = tensor.shape().size(1) * bytes;
    for (int row = 0; row < rows; row++) {
      int start =
          axis == 0 ? (index * rows + row) * fullRow : row * fullRow + index * columns * bytes;
      System.arraycopy(from, start, to, row * columns * bytes, columns * bytes);
    }
    return stored(tensor.name(), tensor.dtype(), Shape.of(rows, columns), to);
  }

  private static byte[] widened(byte[] data, DType dtype) {
    if (dtype == DType.F32) {
      return data;
    }
    ByteBuffer from = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer to = ByteBuffer.allocate(2 * data.length).order(ByteOrder.LITTLE_ENDIAN);
    while (from.hasRemaining()) {
      short bits = from.getShort();
      to.putFloat(
          dtype == DType.BF16 ? Float.intBitsToFloat(bits << 16) : Float.float16ToFloat(bits));
    }
    return to.array();
  }
}
