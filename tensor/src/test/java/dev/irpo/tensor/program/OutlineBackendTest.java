package dev.irpo.tensor.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.CachedAttention;
import dev.irpo.tensor.op.Embedding;
import dev.irpo.tensor.op.Linear;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OutlineBackendTest {
  private final Graph graph = new Graph();

  @Test
  void aModelLargerThanAnyMemoryIsOutlined() {
    OutlineBackend outline = new OutlineBackend();
    long elements = 1L << 40;
    Buffer flat = outline.allocate(elements);
    int side = 1 << 20;
    Tensor weight = graph.variable("weight", Shape.of(side, side));
    Tensor x = graph.input("x", DType.F32, Shape.of(3, side));
    Tensor out = Linear.linear(x, weight);
    graph.output(out);
    Program program = outline.compile(graph, Map.of("weight", flat.slice(0, elements)));
    assertEquals(List.of(graph), outline.compilations().stream().map(Compilation::graph).toList());
    assertEquals(6 * elements, program.flops());
    assertEquals(3L * side, program.buffer(out).numElements());
    assertThrows(IllegalStateException.class, program::run);
  }

  @Test
  void aVariableOfAnotherSizeIsRefused() {
    OutlineBackend outline = new OutlineBackend();
    graph.variable("weight", Shape.of(4));
    Map<String, Buffer> tooShort = Map.of("weight", outline.allocate(3));
    assertThrows(IllegalArgumentException.class, () -> outline.compile(graph, tooShort));
  }

  @Test
  void anEmbeddingReadsItsRowsAndNotTheWholeTable() {
    Tensor table = graph.variable("table", Shape.of(1000, 16));
    Tensor tokens = graph.input("tokens", DType.INT32, Shape.of(5));
    Node node = Embedding.embedding(table, tokens).producer().orElseThrow();
    assertEquals(5 * 4 + 2 * 5 * 16 * 4, node.op().leastBytes(node));
  }

  @Test
  void cachedAttentionCostsWhatItsQueriesMeet() {
    CachedAttention attention = new CachedAttention(4, 2, 32);
    Shape cache = attention.cacheShape(100);
    Tensor q = graph.input("q", DType.F32, Shape.of(3, 128));
    Tensor k = graph.input("k", DType.F32, Shape.of(3, 64));
    Tensor v = graph.input("v", DType.F32, Shape.of(3, 64));
    Tensor table = graph.input("table", DType.INT32, Shape.of(3, 4));
    Tensor out =
        attention.of(
            graph.variable("keys", cache), graph.variable("values", cache), q, k, v, table);
    Node node = out.producer().orElseThrow();
    assertEquals(4 * 3 * 128, node.op().flopsPerKey(node));
    assertEquals(2 * 3 * 64 * 4, node.op().leastBytesPerKey(node));
    assertEquals(75.5, node.op().keysMet(75.5));
    assertEquals(75.5, new CachedAttention(4, 2, 32, 76).keysMet(75.5));
    assertEquals(20, new CachedAttention(4, 2, 32, 20).keysMet(75.5));
    long numbers = 2 * 3 * 64;
    long rest = 2 * 3 * 128 * 4 + 3 * 4 * 4;
    assertEquals(rest + numbers * (4 + 4), node.op().leastBytes(node));
    Tensor ofHalf =
        attention.of(
            graph.variable("halfKeys", DType.BF16, cache),
            graph.variable("halfValues", DType.BF16, cache),
            q,
            k,
            v,
            table);
    Node half = ofHalf.producer().orElseThrow();
    assertEquals(numbers * 2, half.op().leastBytesPerKey(half));
    assertEquals(rest + numbers * (4 + 2), half.op().leastBytes(half));
  }
}
