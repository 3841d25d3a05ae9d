package dev.irpo.tensor.tornado.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;

/// What groups of threads share is what [KeyGradientTasks#LOCAL_BYTES] says.
class LocalMemoryTest {
  /// Counts what a task allocates before it reads its first array.
  private static final class Counting extends KernelContext {
    private int bytes;

    @Override
    public float[] allocateFloatLocalArray(int size) {
      bytes += Float.BYTES * size;
      return new float[size];
    }

    @Override
    public int[] allocateIntLocalArray(int size) {
      bytes += Integer.BYTES * size;
      return new int[size];
    }
  }

  private static int localBytes(Consumer<KernelContext> task) {
    Counting context = new Counting();
    assertThrows(NullPointerException.class, () -> task.accept(context));
    assertTrue(context.bytes > 0);
    return context.bytes;
  }

  @Test
  void gradientsOfKeysTakeTheMostOfAllTasksOfAttention() {
    int most =
        localBytes(c ->
            KeyGradientTasks.keyGradient(
                c, null, 0, null, 0, null, 0, null, null, 0, null, 0, null, 0, null, 9, 2, 1, 16));
    assertEquals(KeyGradientTasks.LOCAL_BYTES, most);
    List<Consumer<KernelContext>> others =
        List.of(
            c ->
                PackedAttentionTasks.attention(
                    c, null, 0, null, 0, null, 0, null, 0, null, 0, null, 9, 2, 1, 16),
            c ->
                QueryGradientTasks.queryGradient(
                    c, null, 0, null, 0, null, null, 0, null, 0, null, 0, null, 9, 2, 1, 16),
            c ->
                CachedAttentionTasks.attention(
                    c, null, null, 0, null, null, 0, null, null, 0, null, 0, null, 2, 1, 16, 32));
    for (Consumer<KernelContext> task : others) {
      int bytes = localBytes(task);
      assertTrue(bytes <= most, bytes + " bytes");
      assertTrue(bytes > 32 << 10, "would fit into what OpenCL promises");
    }
  }
}
