package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {
  private static void requireEachTaskOnce(WorkerPool pool, int count) {
    AtomicIntegerArray runs = new AtomicIntegerArray(count);
    pool.run(count, (index, scratch) -> runs.incrementAndGet(index));
    for (int i = 0; i < count; i++) {
      assertEquals(1, runs.get(i), "runs of task " + i + " of " + count);
    }
  }

  @Test
  void eachTaskRunsOnceWhateverTheNumberOfThreads() {
    for (int threads = 1; threads <= 4; threads++) {
      try (WorkerPool pool = new WorkerPool(threads)) {
        for (int repetition = 0; repetition < 200; repetition++) {
          requireEachTaskOnce(pool, repetition % 9);
        }
        requireEachTaskOnce(pool, 5000);
      }
    }
  }

  @Test
  void failureInATaskReachesTheCallerAndThePoolStillWorks() {
    for (int threads = 1; threads <= 3; threads++) {
      try (WorkerPool pool = new WorkerPool(threads)) {
        RuntimeException thrown =
            assertThrows(
                RuntimeException.class,
                () ->
                    pool.run(
                        100,
                        (index, scratch) -> {
                          if (index == 57) {
                            throw new ArithmeticException("task 57");
                          }
                        }));
        assertTrue(thrown.getMessage().contains("task 57"), thrown::getMessage);
        requireEachTaskOnce(pool, 100);
      }
    }
  }

  @Test
  void closingEndsTheThreadsAndRefusesMoreWork() throws InterruptedException {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    WorkerPool pool = new WorkerPool(3);
    while (threads.size() < 3) {
      pool.run(1000, (index, scratch) -> threads.add(Thread.currentThread()));
    }
    pool.close();
    threads.remove(Thread.currentThread());
    assertEquals(2, threads.size());
    for (Thread thread : threads) {
      thread.join(10_000);
      assertFalse(thread.isAlive(), () -> thread + " still runs");
    }
    assertThrows(IllegalStateException.class, () -> pool.run(5, (index, scratch) -> {}));
  }

  @Test
  void aPoolNeedsAThread() {
    assertThrows(IllegalArgumentException.class, () -> new WorkerPool(0));
  }
}
