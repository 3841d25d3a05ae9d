package dev.irpo.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.RunConfig;
import dev.irpo.transformer.train.LogProb;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossReads;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What holds of every loss that can be configured.
class EveryLossTest {
  private static final Pair PAIR = new Pair(new int[3], new int[4], new int[5], -7.5f, -9.25f);

  private static Loss<?> loss(LossSettings.Kind kind) {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return RunConfig.parse("", List.of("loss.kind=" + name)).loss().loss();
  }

  /// Log-probabilities that fall from one to the next, or rise, by the sign of the step: of a pair,
  /// one that is won or one that is lost.
  private static <I extends TrainItem> Map<LogProb<I>, Double> logProbs(Loss<I> loss, double step) {
    Map<LogProb<I>, Double> values = new HashMap<>();
    for (LogProb<I> logProb : LossReads.of(loss).logProbs()) {
      values.put(logProb, -8.5 + step * values.size());
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(LossSettings.Kind.class)
  void theGradientIsTheSlope(LossSettings.Kind kind) {
    checkSlopes(loss(kind));
  }

  private static <I extends TrainItem> void checkSlopes(Loss<I> loss) {
    for (I item : loss.kind().of(PAIR)) {
      Set<LogProb<I>> unread = new HashSet<>(LossReads.of(loss).logProbs());
      for (double step : new double[] {-1, 1}) {
        slopes(loss, item, logProbs(loss, step))
            .forEach((logProb, slope) -> {
              if (slope != 0) {
                unread.remove(logProb);
              }
            });
      }
      assertEquals(Set.of(), unread, () -> loss + " asks for what it does not read");
    }
  }

  /// The slope of each log-probability, which must be that of the chord around it.
  private static <I extends TrainItem> Map<LogProb<I>, Double> slopes(
      Loss<I> loss, I item, Map<LogProb<I>, Double> at) {
    LossAt found = LossAt.of(loss, item, at);
    Map<LogProb<I>, Double> slopes = new HashMap<>();
    double step = 1e-5;
    at.forEach((logProb, value) -> {
      Map<LogProb<I>, Double> above = new HashMap<>(at);
      Map<LogProb<I>, Double> below = new HashMap<>(at);
      above.put(logProb, value + step);
      below.put(logProb, value - step);
      double rise = LossAt.of(loss, item, above).loss() - LossAt.of(loss, item, below).loss();
      double slope = found.slope(logProb);
      assertEquals(rise / (2 * step), slope, 1e-7 * Math.max(1, Math.abs(slope)));
      slopes.put(logProb, slope);
    });
    return slopes;
  }

  @ParameterizedTest
  @EnumSource(LossSettings.Kind.class)
  void atTheReferenceALossHasTheValueThatItStates(LossSettings.Kind kind) {
    checkIdentity(loss(kind));
  }

  /// A loss that reads a reference states something, one that reads none states nothing.
  private static <I extends TrainItem> void checkIdentity(Loss<I> loss) {
    LossReads<I> reads = LossReads.of(loss);
    assertEquals(!reads.references().isEmpty(), loss.atReference().isPresent());
    if (loss.atReference().isEmpty()) {
      return;
    }
    for (I item : loss.kind().of(PAIR)) {
      Map<LogProb<I>, Double> at = logProbs(loss, -1);
      reads
          .references()
          .forEach(
              reference -> at.put(reference.underReference().orElseThrow(), reference.of(item)));
      Loss.Identity identity = loss.atReference().get();
      double found = LossAt.of(loss, item, at).metric(identity.metric());
      assertEquals(identity.value(), found, 1e-6 * Math.max(1, identity.value()));
    }
  }

  @ParameterizedTest
  @EnumSource(LossSettings.Kind.class)
  void whatStandsInAPlaceWithoutAnItemIsFinite(LossSettings.Kind kind) {
    checkEmptyPlace(loss(kind));
  }

  private static <I extends TrainItem> void checkEmptyPlace(Loss<I> loss) {
    Map<LogProb<I>, Double> zeros = new HashMap<>();
    LossReads.of(loss).logProbs().forEach(logProb -> zeros.put(logProb, 0.0));
    LossAt empty = LossAt.ofEmptyPlace(loss, zeros);
    assertTrue(Double.isFinite(empty.loss()), empty::toString);
    assertTrue(empty.slopes().values().stream().allMatch(Double::isFinite), empty::toString);
  }
}
