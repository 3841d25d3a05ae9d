package dev.irpo.checkpoints;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.QuantisedContent;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.function.Executable;

/// Small models for tests.
public final class TestModels {
  private TestModels() {}

  public static StoredTensor tensor(String name, DType dtype, long seed, long... sizes) {
    Shape shape = Shape.of(sizes);
    byte[] bytes = new byte[Math.toIntExact(shape.numElements() * dtype.bytes())];
    new SplittableRandom(seed).nextBytes(bytes);
    return stored(name, dtype, shape, bytes);
  }

  /// A tensor in blocks, read as single precision.
  public static StoredTensor blocks(String name, long seed, long... sizes) {
    Shape shape = Shape.of(sizes);
    byte[] bytes = new byte[Math.toIntExact(DType.Q8_0.bytes(shape.numElements()))];
    new SplittableRandom(seed).nextBytes(bytes);
    MemorySegment data = Arena.ofAuto().allocate(bytes.length, 64);
    data.copyFrom(MemorySegment.ofArray(bytes));
    for (int block = 0; block < bytes.length; block += 34) {
      short scale = Float.floatToFloat16((block - 100) / 64f);
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block, scale);
    }
    QuantisedContent single = new QuantisedContent(TensorContent.of(data));
    return new StoredTensor(name, DType.F32, shape, single);
  }

  public static StoredTensor floats(String name, Shape shape, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return stored(name, DType.F32, shape, bytes.array());
  }

  public static StoredTensor stored(String name, DType dtype, Shape shape, byte[] bytes) {
    MemorySegment data = Arena.ofAuto().allocate(bytes.length, 64);
    data.copyFrom(MemorySegment.ofArray(bytes));
    return new StoredTensor(name, dtype, shape, data);
  }

  public static byte[] bytes(MemorySegment data) {
    return data.toArray(ValueLayout.JAVA_BYTE);
  }

  public static ObjectNode config() {
    return JsonNodeFactory.instance.objectNode().put("model_type", "llama").put("dtype", "float32");
  }

  /// The same names, types, shapes and bytes in the same order.
  public static void assertSameTensors(
      Iterable<StoredTensor> expected, Iterable<StoredTensor> found) {
    List<StoredTensor> expectedList = new ArrayList<>();
    expected.forEach(expectedList::add);
    List<StoredTensor> foundList = new ArrayList<>();
    found.forEach(foundList::add);
    assertEquals(
        expectedList.stream().map(StoredTensor::name).toList(),
        foundList.stream().map(StoredTensor::name).toList());
    for (int i = 0; i < expectedList.size(); i++) {
      StoredTensor one = expectedList.get(i);
      assertEquals(one.dtype(), foundList.get(i).dtype(), one.name());
      assertEquals(one.shape(), foundList.get(i).shape(), one.name());
      assertArrayEquals(bytes(inMemory(one)), bytes(inMemory(foundList.get(i))), one.name());
    }
    assertFalse(expectedList.isEmpty());
  }

  private static MemorySegment inMemory(StoredTensor tensor) {
    return tensor.inMemory(Arena.ofAuto()).data();
  }

  /// The action fails with one line that holds every one of the facts.
  public static void assertRefused(Executable action, String... facts) {
    Exception e = assertThrows(Exception.class, action);
    assertTrue(e instanceof IllegalArgumentException || e instanceof IOException, e.toString());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    for (String fact : facts) {
      assertTrue(e.getMessage().contains(fact), e.getMessage() + " lacks: " + fact);
    }
  }
}
