package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// Memory of a process that samples, scores or trains with one model, counted as that of a run is:
/// from the buffers that it would allocate and the programs that it would compile.
public final class CommandMemory {
  private final OutlineBackend outline = new OutlineBackend();
  private final Backend backend;
  private final Parameters parameters;
  private final Cost weights;

  private CommandMemory(Backend backend, Parameters parameters, long weightBytes) {
    this.backend = backend;
    this.parameters = parameters;
    weights = Cost.NONE.inMemory(Purpose.WEIGHTS, weightBytes);
  }

  /// Of a model that is there, or will be.
  ///
  /// @param weightBytes that it takes beside memory maps of its files, and perhaps others do
  public static CommandMemory of(Backend backend, Parameters parameters, long weightBytes) {
    return new CommandMemory(backend, parameters, weightBytes);
  }

  /// Of weights alone, before they are loaded.
  public static MemoryNeed ofWeights(Backend backend, long weightBytes) {
    Cost weights = Cost.NONE.inMemory(Purpose.WEIGHTS, weightBytes);
    return MemoryNeed.of(List.of(weights), backend, new LinkedHashMap<>());
  }

  /// While it samples.
  ///
  /// @param slotsKey what sets how many responses are in progress
  /// @param tokensKey what sets their length
  public MemoryNeed sampling(DecodeLimits limits, String slotsKey, String tokensKey) {
    Cost cost = RunPrograms.Sampling.of(outline, parameters, limits).addTo(weights);
    List<String> ways = List.of("fewer " + slotsKey, "fewer " + tokensKey);
    return need(List.of(cost), Purpose.CACHE, ways);
  }

  /// While it scores.
  ///
  /// @param tokens of the largest micro-batch
  public MemoryNeed scoring(int tokens) {
    Cost cost = RunPrograms.Scoring.of(outline, parameters, tokens).addTo(weights);
    return need(List.of(cost), Purpose.SCORING, List.of());
  }

  /// While it trains.
  ///
  /// @param maker makes the trainer, for a largest item of so many tokens
  /// @param largestItem tokens that a micro-batch must hold
  /// @param scores whether it scores with micro-batches as large before
  public MemoryNeed training(
      RunConfig config, Group group, Trainers maker, int largestItem, boolean scores) {
    List<Cost> costs = new ArrayList<>();
    if (scores) {
      int tokens = Math.max(config.train().tokenBudget(), largestItem);
      costs.add(RunPrograms.Scoring.of(outline, parameters, tokens).addTo(weights));
    }
    costs.add(
        RunPrograms.Training.of(
                outline, () -> maker.make(config, outline, group, parameters, largestItem))
            .addTo(weights));
    return MemoryNeed.of(costs, backend, MemoryNeed.waysOut(config, largestItem));
  }

  /// Makes trainers of one kind.
  @FunctionalInterface
  public interface Trainers {
    /// A trainer that takes items of up to so many tokens.
    Trainer<?> make(
        RunConfig config, Backend backend, Group group, Parameters parameters, int largestItem);
  }

  private MemoryNeed need(List<Cost> costs, Purpose purpose, List<String> waysOut) {
    SequencedMap<Purpose, List<String>> ways = new LinkedHashMap<>();
    ways.put(purpose, waysOut);
    return MemoryNeed.of(costs, backend, ways);
  }
}
