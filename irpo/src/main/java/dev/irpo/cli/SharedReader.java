package dev.irpo.cli;

import dev.irpo.distributed.Group;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;

/// What the first process of a group reads, in all of them: each call is a collective, and all read
/// pieces of the same lengths.
final class SharedReader extends Reader {
  private final Group group;
  private final Reader own;

  /// @param own read by the first process alone
  SharedReader(Group group, Reader own) {
    this.group = group;
    this.own = own;
  }

  @Override
  public int read(char[] target, int offset, int length) throws IOException {
    int count = group.isFirst() ? own.read(target, offset, length) : 0;
    ByteBuffer piece = ByteBuffer.allocate(Math.max(0, count) * Character.BYTES);
    piece.asCharBuffer().put(target, offset, Math.max(0, count));
    CharBuffer shared =
        ByteBuffer.wrap(group.allGatherBytes(piece.array()).getFirst()).asCharBuffer();
    int received = shared.remaining();
    shared.get(target, offset, received);
    return received == 0 ? -1 : received;
  }

  @Override
  public void close() throws IOException {
    own.close();
  }
}
