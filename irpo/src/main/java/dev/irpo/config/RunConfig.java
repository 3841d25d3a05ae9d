package dev.irpo.config;

import dev.irpo.loss.LossSettings;
import dev.irpo.reward.Graders;
import dev.irpo.setting.Setting;
import dev.irpo.transformer.ParameterSelection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// Everything that decides a run, resolved.
///
/// Defaults are the paper's for GSM8K (arXiv:2404.19733); where it is silent, those of
/// `docs/configuration.md`, which [#documentation] prints.
public record RunConfig(
    @Setting(value = "paper-v1", doc = "what all other keys default to") Preset preset,
    @Setting(value = "1", doc = "seed of everything random") long seed,
    @Setting(value = "4", range = "[1, 100]", doc = "iterations, M_0 to M_iterations")
        int iterations,
    TaskSettings task,
    LossSettings loss,
    OptimizerSettings optimizer,
    TrainSettings train,
    AdapterSettings adapter,
    SftSettings sft,
    RolloutSettings rollouts,
    PairSettings pairs,
    EvaluateSettings evaluate,
    ComputeSettings compute) {
  private static final String GRADER = "task.grader";

  /// A preset as it is.
  public static RunConfig of(Preset preset) {
    return parse("", List.of("preset=" + Choices.text(preset)));
  }

  /// The configuration of a file, if there is one, with overrides.
  ///
  /// @param overrides texts `key=value`, which override the file's values
  /// @throws IOException if the file cannot be read
  /// @throws IllegalArgumentException if a key is unknown or a value impossible; the message is one
  ///   line that names it
  public static RunConfig load(Optional<Path> file, List<String> overrides) throws IOException {
    return resuming(Optional.empty(), file, overrides);
  }

  /// The same for work that may have been begun: a version of a grader that it was begun with is
  /// the default for it, so that the command that began it resumes it whatever the latest is.
  ///
  /// @param begun the configuration of that work
  /// @throws IOException as [#load]
  /// @throws IllegalArgumentException as [#load]
  public static RunConfig resuming(
      Optional<Path> begun, Optional<Path> file, List<String> overrides) throws IOException {
    ConfigSchema schema = new ConfigSchema();
    ConfigSource source = new ConfigSource(schema);
    List<Map<String, Given>> layers = new ArrayList<>();
    if (begun.isPresent()) {
      Map<String, Given> kept = new HashMap<>(source.file(begun.get()));
      kept.keySet().retainAll(Set.of(GRADER));
      kept.values().removeIf(grader -> !Graders.isListed(grader.text()));
      layers.add(kept);
    }
    if (file.isPresent()) {
      layers.add(source.file(file.get()));
    }
    layers.add(source.overrides(overrides));
    return new ConfigReader(schema).read(layers);
  }

  /// The configuration of YAML text with overrides.
  ///
  /// @throws IllegalArgumentException as [#load]
  public static RunConfig parse(String yaml, List<String> overrides) {
    ConfigSchema schema = new ConfigSchema();
    ConfigSource source = new ConfigSource(schema);
    return new ConfigReader(schema)
        .read(List.of(source.yaml(yaml, "config"), source.overrides(overrides)));
  }

  /// What is trained: `train.parameters`, or the adapter alone where there is one and it says
  /// `all`.
  public ParameterSelection trained() {
    ParameterSelection named = ParameterSelection.parse(train.parameters());
    return adapter.rank() > 0 && named.equals(ParameterSelection.all())
        ? ParameterSelection.adapter()
        : named;
  }

  /// This configuration with overrides `key=value`.
  ///
  /// @throws IllegalArgumentException as [#load]
  public RunConfig with(String... overrides) {
    return parse(toYaml(), List.of(overrides));
  }

  /// Every key with its value; [#load] gives the same configuration back.
  public String toYaml() {
    return new ConfigWriter(new ConfigSchema()).yaml(this, ConfigWriter.Comments.NONE);
  }

  /// Every key with its value as [#toYaml] writes it.
  public SequencedMap<String, String> toTexts() {
    return new ConfigWriter(new ConfigSchema()).texts(this);
  }

  /// [#toYaml] with what each key means as comments, as a file to start from.
  public String toCommentedYaml() {
    return new ConfigWriter(new ConfigSchema()).yaml(this, ConfigWriter.Comments.EVERY_KEY);
  }

  /// All keys and presets as Markdown.
  public static String documentation() {
    return new ConfigWriter(new ConfigSchema()).documentation();
  }
}
