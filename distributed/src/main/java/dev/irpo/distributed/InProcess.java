package dev.irpo.distributed;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// Ranks that are threads of one process: code that works in a group can be run, and compared with
/// one rank, where nothing is installed that starts processes.
public final class InProcess {
  private InProcess() {}

  /// What a rank does.
  ///
  /// @param <T> what it returns
  public interface Work<T> {
    /// Does it.
    T run(Group group) throws Exception;
  }

  /// Runs one rank in each of `size` threads, and returns what each returned, in their order. When
  /// one fails the others' collectives fail too.
  ///
  /// @throws GroupFailure with what the first one failed with as its cause
  public static <T> List<T> run(int size, Work<T> work) {
    Meeting meeting = new Meeting(size);
    List<CompletableFuture<T>> ranks = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      int rank = i;
      CompletableFuture<T> result = new CompletableFuture<>();
      ranks.add(result);
      Thread.ofPlatform()
          .name("rank-" + rank)
          .start(() -> complete(result, work, new InProcessGroup(rank, meeting), meeting));
    }
    CompletableFuture.allOf(ranks.toArray(CompletableFuture[]::new))
        .exceptionally(e -> null)
        .join();
    meeting.requireWhole();
    return ranks.stream().map(CompletableFuture::join).toList();
  }

  private static <T> void complete(
      CompletableFuture<T> result, Work<T> work, InProcessGroup group, Meeting meeting) {
    try (group) {
      result.complete(work.run(group));
    } catch (Throwable e) { // errors such as failed assertions are the caller's too
      meeting.fail(group.name() + " failed: " + e.getMessage(), e);
      result.completeExceptionally(new CompletionException(e));
    }
  }
}
