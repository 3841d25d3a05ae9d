package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// What each collective asks MPI for: in a round, a message from every rank to every other one.
///
/// Each rank begins with the one after it, so that not all send to the same one at a time. A rank
/// sends `(size - 1) / size` of its segment, the least that a collective can do with. Messages are
/// bytes with an address, so nothing needs more than 32 bits of MPI; sums are [Sums], in the order
/// of ranks, so they do not depend on the library.
record Transfers(Mpi mpi, MpiRank at, Scratch scratch) {
  /// Bytes of all ranks' parts in a round: enough that the latency of a round, some 20 µs on any
  /// network, is about 1 % of its time at 10 GB/s; little enough for the memory of the same size
  /// that is received to, and to tell progress from none.
  static final long BUCKET_BYTES = 16 << 20;

  private static final int TAG = 0;

  /// What is sent to a rank, or where what comes from it goes.
  private interface PartOf {
    MemorySegment rank(int rank);
  }

  private int others() {
    return at.size() - 1;
  }

  /// Messages to and from all others, but for empty ones.
  private void post(PartOf sent, PartOf received, Requests requests) {
    for (int distance = 1; distance < at.size(); distance++) {
      int from = Math.floorMod(at.rank() - distance, at.size());
      MemorySegment incoming = received.rank(from);
      if (incoming.byteSize() > 0) {
        mpi.ireceive(incoming, from, TAG, at.communicator(), requests.next());
      }
      int to = (at.rank() + distance) % at.size();
      MemorySegment outgoing = sent.rank(to);
      if (outgoing.byteSize() > 0) {
        mpi.isend(outgoing, to, TAG, at.communicator(), requests.next());
      }
    }
  }

  /// Where a round's message from a rank is received, to be added up.
  private MemorySegment received(long round, int rank, long bytes) {
    int place = rank < at.rank() ? rank : rank - 1;
    return scratch.of(round, bytes * others()).asSlice(place * bytes, bytes);
  }

  /// Adds up what was received and this rank's own, in its place.
  private void addUp(long round, Element element, MemorySegment own) {
    List<MemorySegment> terms = new ArrayList<>(at.size());
    for (int rank = 0; rank < at.size(); rank++) {
      terms.add(rank == at.rank() ? own : received(round, rank, own.byteSize()));
    }
    scratch.sums().add(terms, element, own);
  }

  Rounds reduceScatter(RangeParts parts) {
    return new Rounds(
        parts.rounds(),
        (round, requests) -> {
          long bytes = parts.part(at.rank(), round).byteSize();
          post(to -> parts.part(to, round), from -> received(round, from, bytes), requests);
        },
        round -> addUp(round, parts.element(), parts.part(at.rank(), round)));
  }

  Rounds allGather(RangeParts parts) {
    return new Rounds(
        parts.rounds(),
        (round, requests) ->
            post(to -> parts.part(at.rank(), round), from -> parts.part(from, round), requests));
  }

  /// An all-reduce of little: everything to all, which takes one latency where two collectives take
  /// two.
  Rounds allReduceAtOnce(MemorySegment segment, Element element) {
    return new Rounds(
        1,
        (round, requests) ->
            post(to -> segment, from -> received(round, from, segment.byteSize()), requests),
        round -> addUp(round, element, segment));
  }

  Rounds exchange(RangeParts sent, MemorySegment copies) {
    Element element = sent.element();
    Partition senders = Partition.of(copies.byteSize() / element.bytes(), at.size(), 1);
    RangeParts received = new RangeParts(copies, element, senders, sent.length());
    return new Rounds(
        sent.rounds(),
        (round, requests) -> {
          post(to -> sent.part(to, round), from -> received.part(from, round), requests);
          received.part(at.rank(), round).copyFrom(sent.part(at.rank(), round));
        });
  }

  Rounds broadcast(MemorySegment segment, int root) {
    Partition whole = Partition.of(segment.byteSize(), 1, 1);
    RangeParts parts = RangeParts.of(segment, Element.BYTE, whole, BUCKET_BYTES);
    return new Rounds(
        parts.rounds(),
        (round, requests) ->
            mpi.ibroadcast(parts.part(0, round), root, at.communicator(), requests.next()));
  }
}
