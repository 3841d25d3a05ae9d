package dev.irpo.distributed;

/// This process among those of a communicator.
record MpiRank(long communicator, int rank, int size) {
  static MpiRank of(Mpi mpi, long communicator) {
    return new MpiRank(communicator, mpi.rank(communicator), mpi.size(communicator));
  }
}
