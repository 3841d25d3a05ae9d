package dev.irpo.distributed;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// A collective that is done when a future is.
record FuturePending(CompletableFuture<?> future) implements Pending {
  static final Pending DONE = new FuturePending(CompletableFuture.completedFuture(null));

  @Override
  public void await() {
    join(future);
  }

  @Override
  public boolean isDone() {
    return future.isDone();
  }

  /// A future's value.
  ///
  /// @throws GroupFailure if it failed, whatever it failed with
  static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      throw cause instanceof GroupFailure
          ? new GroupFailure(cause.getMessage(), cause)
          : new GroupFailure("a collective failed: " + cause, cause);
    }
  }
}
