package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Groups that need no library.
class GroupTest {
  @Test
  void processThatIsAloneIsAGroup() {
    try (Group group = Group.alone()) {
      assertEquals(1, group.size());
      assertTrue(group.isFirst());
      new CollectiveChecks(group, 1).run(5, 100);
      new CollectiveChecks(group, 1).runInParts(2, 100);
      assertEquals("why", assertThrows(GroupFailure.class, () -> group.abort("why")).getMessage());
      group.finish();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 7})
  void threadsOfOneProcessAreAGroup(int size) {
    List<Integer> ranks =
        InProcess.run(
            size,
            group -> {
              assertEquals(size, group.size());
              new CollectiveChecks(group, size).run(5, 300);
              new CollectiveChecks(group, size).runInParts(2, 100);
              group.finish();
              return group.rank();
            });
    for (int rank = 0; rank < size; rank++) {
      assertEquals(rank, ranks.get(rank));
    }
  }

  @Test
  void threadThatFailsEndsTheOthersWaiting() {
    IllegalStateException cause = new IllegalStateException("why");
    GroupFailure failure =
        assertThrows(
            GroupFailure.class,
            () ->
                InProcess.run(
                    3,
                    group -> {
                      Group pair = group.split(group.rank() / 2, 0);
                      if (group.rank() == 1) {
                        throw cause;
                      }
                      (group.rank() == 0 ? pair : group).barrier();
                      return 0;
                    }));
    assertSame(cause, failure.getCause());
    assertEquals("rank 1 of 3 in one process failed: why", failure.getMessage());
  }

  @Test
  void threadThatAbortsEndsTheOthersWaiting() {
    GroupFailure failure =
        assertThrows(
            GroupFailure.class,
            () ->
                InProcess.run(
                    2,
                    group -> {
                      if (group.rank() == 1) {
                        group.abort("enough");
                      }
                      group.barrier();
                      return 0;
                    }));
    assertEquals("enough", failure.getMessage());
  }
}
