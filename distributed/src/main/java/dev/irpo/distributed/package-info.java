/// Processes that work together: who they are, and how they move and add up memory.
///
/// A job is started as several processes at once, on one machine or many. Each is a **rank**, a
/// number from 0; together they are a [Group][dev.irpo.distributed.Group]. All ranks run the same
/// program and call the same **collectives** in the same order; what differs is the part of the
/// data that each one holds. A [Partition][dev.irpo.distributed.Partition] says which part is
/// whose:
///
/// ```text
///                     rank 0        rank 1        rank 2
/// before              a0 b0 c0      a1 b1 c1      a2 b2 c2      partition: a | b | c
/// reduceScatter       Σa .  .       .  Σb .       .  .  Σc      each rank the sum of its own range
/// allGather           Σa Σb Σc      Σa Σb Σc      Σa Σb Σc      each rank the ranges of all
/// allReduce           both, one after the other
/// exchange            a0 a1 a2      b0 b1 b2      c0 c1 c2      like reduceScatter, not yet added
/// broadcast           one rank's memory to all
/// ```
///
/// Training in shards is the first two: gradients are reduce-scattered, each rank updates the range
/// of the parameters that is its own, and the new parameters are all-gathered (ZeRO; Rajbhandari et
/// al. 2020, arXiv:1910.02054).
///
/// A sum's order of addition depends on the number of ranks and on the library that moves the
/// bytes, and so do its last bits. Who needs the same bits for any number of ranks exchanges, and
/// adds up in an order of its own.
///
/// Memory is a [MemorySegment][java.lang.foreign.MemorySegment], which is an address and a size.
/// The interface never reads it, so it may lie on a device that the implementation can reach.
///
/// A collective that starts (`start…`) continues while the rank computes, until
/// [Pending][dev.irpo.distributed.Pending] is awaited; the memory belongs to the collective until
/// then. Collectives of one group run one after the other, in the order in which they were started.
package dev.irpo.distributed;
