package dev.irpo.experiment;

import dev.irpo.config.EvaluateSettings;
import dev.irpo.config.PairSettings;
import dev.irpo.config.RolloutSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.config.TaskSettings;
import dev.irpo.run.RunFolder;
import dev.irpo.train.PreferenceTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What runs of one draw have in common, each computed by the first that needs it.
final class Shared {
  private final Map<Object, Path> evaluated = new HashMap<>();
  private final Map<Object, RunFolder> sampled = new HashMap<>();
  private final Map<Object, RunFolder> paired = new HashMap<>();

  /// What a model's accuracy follows from.
  private record Evaluating(
      Path model, long seed, TaskSettings task, EvaluateSettings evaluate, int maxNewTokens) {}

  /// What the first iteration's rollouts follow from.
  private record Sampling(Path start, long seed, TaskSettings task, RolloutSettings rollouts) {}

  /// What its pairs follow from.
  private record Pairing(Sampling sampling, PairSettings pairs, boolean isScored) {}

  private static Evaluating evaluating(RunConfig config, Path model) {
    return new Evaluating(
        model,
        config.seed(),
        config.task(),
        config.with("evaluate.pairs=0").evaluate(), // tell nothing of accuracy
        config.rollouts().maxNewTokens());
  }

  private static Sampling sampling(RunConfig config, Path start) {
    return new Sampling(start, config.seed(), config.task(), config.rollouts());
  }

  private static Pairing pairing(RunConfig config, Path start) {
    return new Pairing(
        sampling(config, start), config.pairs(), PreferenceTraining.needsReference(config));
  }

  /// Gives a run what others computed.
  ///
  /// @param start identifies the model that it starts from
  void giveTo(RunFolder folder, RunConfig config, Path start) throws IOException {
    Path evaluation = evaluated.get(evaluating(config, start));
    if (evaluation != null) {
      LinkedFiles.link(evaluation, folder.evaluation(0));
    }
    RunFolder rollouts = sampled.get(sampling(config, start));
    if (rollouts != null && samples(config)) {
      linkRollouts(rollouts, folder);
    }
    RunFolder pairs = paired.get(pairing(config, start));
    if (pairs != null) {
      linkPairs(pairs, folder);
    }
  }

  private static boolean samples(RunConfig config) {
    return config.pairs().source() == PairSettings.Source.ROLLOUTS;
  }

  /// Gives a run the rollouts of another.
  static void linkRollouts(RunFolder from, RunFolder to) throws IOException {
    try (Stream<Path> files = Files.list(from.rollouts(1).rollouts())) {
      for (Path part : files.filter(file -> file.toString().endsWith(".arrow")).toList()) {
        LinkedFiles.link(part, to.rollouts(1).rollouts().resolve(part.getFileName().toString()));
      }
    }
  }

  private static void linkPairs(RunFolder from, RunFolder to) throws IOException {
    for (Path file :
        List.of(from.rollouts(1).dropped(), from.rollouts(1).counts(), from.rollouts(1).pairs())) {
      LinkedFiles.link(file, to.iteration(1).resolve(file.getFileName().toString()));
    }
  }

  /// Notes what a run has that others may need.
  void take(RunFolder folder, RunConfig config, Path start) {
    for (int t = 0; t <= config.iterations(); t++) {
      if (Files.exists(folder.evaluation(t))) {
        Path model = t == 0 ? start : folder.model(t);
        evaluated.putIfAbsent(evaluating(config, model), folder.evaluation(t));
      }
    }
    if (Files.exists(folder.rollouts(1).pairs())) {
      paired.putIfAbsent(pairing(config, start), folder);
      if (samples(config)) {
        sampled.putIfAbsent(sampling(config, start), folder);
      }
    }
  }
}
