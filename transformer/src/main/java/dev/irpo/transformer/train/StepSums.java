package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What the micro-batches of a step came to, those of other processes too once it is [#shared].
final class StepSums {
  private final double[] losses;
  private final float[][] vectors;
  private double rows;

  /// What one micro-batch came to.
  ///
  /// @param vectors each with a number for each item
  record Result(double loss, float[][] vectors) {}

  /// @param numVectors of a micro-batch
  StepSums(int microBatches, int numVectors, int numItems) {
    losses = new double[microBatches];
    vectors = new float[numVectors][numItems];
  }

  /// Takes the result of a micro-batch.
  void add(int number, MicroBatch<?> microBatch, Result result) {
    losses[number] = result.loss;
    for (int vector = 0; vector < vectors.length; vector++) {
      for (int i = 0; i < microBatch.indices().size(); i++) {
        vectors[vector][microBatch.indices().get(i)] = result.vectors[vector][i];
      }
    }
    rows += microBatch.packed().used().tokens();
  }

  /// Adds up what the processes have; a number that one of them has is zero in the others.
  void shared(Group group) {
    if (group.size() == 1) {
      return;
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment sums = arena.allocate(ValueLayout.JAVA_DOUBLE, losses.length + 1L);
      MemorySegment.copy(losses, 0, sums, ValueLayout.JAVA_DOUBLE, 0, losses.length);
      sums.setAtIndex(ValueLayout.JAVA_DOUBLE, losses.length, rows);
      group.allReduce(sums, Element.F64);
      MemorySegment.copy(sums, ValueLayout.JAVA_DOUBLE, 0, losses, 0, losses.length);
      rows = sums.getAtIndex(ValueLayout.JAVA_DOUBLE, losses.length);
      for (float[] values : vectors) {
        MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
        group.allReduce(copy, Element.F32);
        MemorySegment.copy(copy, ValueLayout.JAVA_FLOAT, 0, values, 0, values.length);
      }
    }
  }

  /// The loss: that of the micro-batches in their order.
  double loss() {
    double sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    return sum;
  }

  /// The numbers of all items, by vector.
  float[][] vectors() {
    return vectors;
  }

  /// Rows that were computed.
  long rows() {
    return (long) rows;
  }
}
