package dev.irpo.plan.cluster;

import java.util.ArrayList;
import java.util.List;

/// A training step of the busiest processor, part by part.
///
/// @param parts in their order, those that nothing is sent or computed in left out
/// @param flops operations of its passes
public record SimulatedStep(List<Part> parts, double flops) {
  /// A part of a step.
  ///
  /// @param seconds that it takes
  /// @param shownSeconds of them that nothing hides
  /// @param transfer what it sends
  public record Part(String name, double seconds, double shownSeconds, Transfer transfer) {
    private static Part computed(String name, double seconds) {
      return new Part(name, seconds, seconds, Transfer.NONE);
    }

    /// Seconds that computing hides.
    public double hiddenSeconds() {
      return seconds - shownSeconds;
    }
  }

  /// Simulates a step.
  public static SimulatedStep of(Strategy strategy, Cluster cluster, Slice slice, StepWork work) {
    Sends sends = new Sends(strategy, cluster, slice, work);
    List<Part> parts = new ArrayList<>();
    parts.add(Part.computed("forward passes", work.forwardSeconds()));
    parts.add(Part.computed("backward passes", work.backwardSeconds()));
    parts.add(Part.computed("clipping and optimizer", work.updateSeconds()));
    parts.add(sends.activations());
    if (strategy.zero().sharesWeights()) {
      parts.addAll(sends.byMicroBatch());
    } else {
      parts.add(sends.gradients());
      parts.add(sends.updatedParameters());
    }
    parts.removeIf(part -> part.seconds() == 0);
    return new SimulatedStep(parts, work.flops());
  }

  /// How long it takes.
  public double seconds() {
    return parts.stream().mapToDouble(Part::shownSeconds).sum();
  }

  /// What it sends in all.
  public Transfer transfer() {
    return parts.stream().map(Part::transfer).reduce(Transfer.NONE, Transfer::plus);
  }

  /// What a step sends.
  private record Sends(Strategy strategy, Cluster cluster, Slice slice, StepWork work) {
    /// Sums of the residual stream; the next product waits for each.
    Part activations() {
      int sums = work.sumsPerLayer() * slice.layers();
      double bytes = work.rows() * slice.embedDim() * strategy.precision().activationBytes() * sums;
      Transfer sent = cluster.allReduce(strategy.tensorGroup(), bytes, sums * work.microBatches());
      return new Part("sums of activations", sent.seconds(), sent.seconds(), sent);
    }

    private Ranks ranks() {
      return strategy.dataGroup(cluster);
    }

    private Transfer gradientOfMicroBatch() {
      double bytes = (double) slice.trained() * strategy.precision().gradientBytes();
      return cluster.reduceScatter(ranks(), bytes, slice.buckets());
    }

    private double shown(boolean hides, Transfer sent, double computing) {
      return hides ? Overlap.shown(sent.seconds(), computing, slice.buckets()) : sent.seconds();
    }

    private boolean hidesGradients() {
      return strategy.overlap().hidesGradients(strategy.zero());
    }

    private boolean hidesParameters() {
      return strategy.overlap().hidesParameters();
    }

    /// Hidden by the backward pass: by that of the last micro-batch if gradients are sent once.
    Part gradients() {
      Transfer once = gradientOfMicroBatch();
      int times = strategy.zero().sharesGradients() ? work.microBatches() : 1;
      double shown =
          times * shown(hidesGradients(), once, work.backwardSeconds() / work.microBatches());
      Transfer all = once.times(times);
      return new Part("sums of gradients", all.seconds(), shown, all);
    }

    /// Hidden by the next step's first forward pass.
    Part updatedParameters() {
      double bytes = (double) slice.trained() * strategy.precision().sentWeightBytes();
      Transfer sent = cluster.allGather(ranks(), bytes, slice.buckets());
      double shown = shown(hidesParameters(), sent, work.forwardSeconds() / work.microBatches());
      return new Part("updated parameters", sent.seconds(), shown, sent);
    }

    /// Parameters before they are used in both passes; in the backward pass gradients share the
    /// network with them.
    List<Part> byMicroBatch() {
      int times = work.microBatches();
      double bytes = (double) slice.parameters() * strategy.precision().sentWeightBytes();
      Transfer gathered = cluster.allGather(ranks(), bytes, slice.buckets());
      Transfer gradient = gradientOfMicroBatch();
      double forward = shown(hidesParameters(), gathered, work.forwardSeconds() / times);
      Transfer both = gathered.plus(gradient);
      double backward = shown(hidesParameters(), both, work.backwardSeconds() / times);
      double ofGradient = both.seconds() == 0 ? 0 : backward * gradient.seconds() / both.seconds();
      return List.of(
          new Part(
              "parameters, gathered twice",
              2 * times * gathered.seconds(),
              times * (forward + backward - ofGradient),
              gathered.times(2.0 * times)),
          new Part(
              "sums of gradients",
              times * gradient.seconds(),
              times * ofGradient,
              gradient.times(times)));
    }
  }
}
