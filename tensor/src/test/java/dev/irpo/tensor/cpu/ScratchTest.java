package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScratchTest {
  private final Scratch scratch = new Scratch();

  @ParameterizedTest
  @EnumSource
  void anAreaInUseIsRefusedByName(Area area) {
    scratch.floats(area, 8);
    Exception floats = assertThrows(IllegalStateException.class, () -> scratch.floats(area, 8));
    assertTrue(floats.getMessage().contains(area.name()), floats::getMessage);
    assertThrows(IllegalStateException.class, () -> scratch.array(area, 8));
  }

  @Test
  void closingAFrameFreesWhatWasTakenInItAndNothingElse() {
    scratch.floats(Area.LOGITS, 8);
    try (Scratch.Frame _ = scratch.frame()) {
      scratch.floats(Area.EDGE, 8);
      try (Scratch.Frame _ = scratch.frame()) {
        scratch.array(Area.WIDE, 8);
      }
      scratch.array(Area.WIDE, 8);
      assertThrows(IllegalStateException.class, () -> scratch.floats(Area.EDGE, 8));
    }
    scratch.floats(Area.EDGE, 8);
    assertThrows(IllegalStateException.class, () -> scratch.floats(Area.LOGITS, 8));
  }

  @Test
  void areasAreMemoryOfTheirOwnThatStays() {
    Map<Area, MemorySegment> first = new EnumMap<>(Area.class);
    try (Scratch.Frame _ = scratch.frame()) {
      for (Area area : Area.values()) {
        MemorySegment memory = scratch.floats(area, 100);
        assertTrue(memory.byteSize() >= 400);
        first.values().forEach(other -> assertNotEquals(other.address(), memory.address()));
        first.put(area, memory);
      }
    }
    first.forEach(
        (area, memory) -> assertEquals(memory.address(), scratch.floats(area, 50).address()));
  }

  @Test
  void aTaskGivesBackItsAreasAndKeepsThoseOfTheCaller() {
    try (WorkerPool pool = new WorkerPool(1)) {
      Scratch own = pool.callerScratch();
      own.floats(Area.LOGITS, 8);
      pool.run(3, (task, scratch) -> scratch.floats(Area.EDGE, 8));
      own.floats(Area.EDGE, 8);
      assertThrows(
          IllegalStateException.class,
          () -> pool.run(1, (task, scratch) -> scratch.floats(Area.LOGITS, 8)));
    }
  }

  @Test
  void aTaskThatFailsGivesBackItsAreas() {
    try (WorkerPool pool = new WorkerPool(2)) {
      WorkerPool.Task failing =
          (task, scratch) -> {
            scratch.floats(Area.EDGE, 8);
            throw new IllegalArgumentException("task " + task);
          };
      assertThrows(IllegalArgumentException.class, () -> pool.run(8, failing));
      pool.run(8, (task, scratch) -> scratch.floats(Area.EDGE, 8));
    }
  }
}
