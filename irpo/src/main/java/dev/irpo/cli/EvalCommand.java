package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.evaluate.SampledAccuracy;
import dev.irpo.model.LanguageModel;
import dev.irpo.rollout.Prompts;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.run.EvaluationBar;
import dev.irpo.run.Progress;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.train.Division;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.parallel.Replicas;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo eval`.
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description = "Greedy accuracy and majority vote of a model, with standard errors, as JSON.",
    footer = {"", Processes.HELP})
final class EvalCommand implements Callable<Integer> {
  /// Which problems.
  enum SplitName {
    TRAIN,
    HELD_OUT,
    TEST
  }

  @Mixin private ModelOptions model;
  @Mixin private ConfigOptions config;

  @Option(
      names = "--split",
      defaultValue = "test",
      paramLabel = "train|held_out|test",
      description = "default: ${DEFAULT-VALUE}")
  private SplitName split;

  @Override
  public Integer call() throws IOException {
    return Processes.share(this::evaluate);
  }

  private void evaluate(Processes processes) throws IOException {
    RunConfig resolved = processes.all(config::load);
    Task task = processes.all(() -> Tasks.open(resolved.task(), resolved.seed()));
    List<Problem> problems = processes.all(() -> problems(task));
    ObjectNode result = JsonLines.object();
    result.put("task", task.name());
    result.put("split", split.name().toLowerCase(java.util.Locale.ROOT));
    result.put("problems", problems.size());
    try (Backend backend = BackendStart.of(processes.compute(resolved.compute()))) {
      Replicas replicas = processes.all(() -> Division.of(resolved, processes.group()));
      MappedModel mapped =
          processes.all(() -> MappedModel.open(backend, model, replicas.model(), processes));
      LanguageModel loaded = mapped.model();
      Prompts prompts = Prompts.of(resolved, task, loaded.text(), loaded.config());
      RolloutSampler sampler =
          new RolloutSampler(backend, loaded, prompts, resolved.rollouts().slots(), problems);
      DecodeLimits limits = sampler.limits(resolved.rollouts().maxNewTokens());
      mapped
          .memory()
          .sampling(limits, "rollouts.slots", "rollouts.maxNewTokens")
          .requireFits(processes.memoryBytes());
      Evaluator evaluator = new Evaluator(sampler, resolved, replicas);
      int votes = evaluator.majoritySamples();
      try (Progress.Bar bar =
          processes.progress().begin("evaluate", (1L + votes) * problems.size())) {
        EvaluationBar shown = new EvaluationBar(bar);
        put(result, "greedy", shown.greedy(evaluator, problems));
        if (votes > 0) {
          result.put("majoritySamples", votes);
          SampledAccuracy sampled = shown.sampled(evaluator, problems);
          put(result, "majority", sampled.majority());
          ObjectNode passAt = result.putObject("passAt");
          sampled
              .passAt()
              .forEach(rate -> {
                ObjectNode node = passAt.putObject(Integer.toString(rate.k()));
                node.put("share", rate.share());
                node.put("standardError", rate.standardError());
              });
        }
      }
    }
    if (processes.isFirst()) {
      JsonLines.print(result);
    }
  }

  private List<Problem> problems(Task task) throws IOException {
    List<Problem> problems = task.problems(Split.valueOf(split.name()));
    if (problems.isEmpty()) {
      throw new IllegalArgumentException(
          "--split " + split + ": task " + task.name() + " has no problem there");
    }
    return problems;
  }

  private static void put(ObjectNode result, String name, Accuracy accuracy) {
    ObjectNode node = result.putObject(name);
    node.put("correct", accuracy.correct());
    node.put("accuracy", accuracy.share());
    node.put("standardError", accuracy.standardError());
  }
}
