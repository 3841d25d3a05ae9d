package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import java.util.ArrayList;
import java.util.List;

/// What the stages of a run cost, from the counts of their prompts and the rooflines of the graphs
/// that run in them.
///
/// Times are sums of least times of kernels. A response is taken as long as it may get, and a pair
/// as a prompt with two such responses.
///
/// @param device its rates
record StageCosts(RunConfig config, WorkPlan work, Roofline.Device device) {
  /// Operations and least time.
  private record Cost(double flops, double seconds) {
    static Cost of(Roofline roofline) {
      return new Cost(roofline.flops(), roofline.seconds());
    }

    Cost times(double count) {
      return new Cost(count * flops, count * seconds);
    }

    Cost plus(Cost other) {
      return new Cost(flops + other.flops, seconds + other.seconds);
    }
  }

  /// So many responses to each prompt, each prompt computed once.
  Stage sample(String name, PromptCounts counts, int perPrompt, List<String> held) {
    WorkPlan.Programs programs = work.programs();
    long tokens = counts.responseTokens() * perPrompt;
    double decodeKeys = counts.meanPrompt() + counts.meanResponse() / 2;
    double promptKeys = counts.meanPrompt() / 2;
    Cost token = Cost.of(programs.decodeStep(decodeKeys, device)).times(1.0 / programs.slots());
    Cost promptToken =
        Cost.of(programs.prefillStep(promptKeys, device))
            .plus(Cost.of(programs.decodeStep(promptKeys, device)).times(-1))
            .times(1.0 / programs.prefillTokens());
    Cost cost =
        token.times((double) tokens).plus(promptToken.times((double) counts.promptTokens()));
    long responses = (long) counts.problems() * perPrompt;
    return stage(name, responses, "responses", tokens, cost, held);
  }

  /// Greedy responses of so many models.
  Stage greedy(String name, PromptCounts counts, int models, List<String> held) {
    Stage one = sample(name, counts, 1, held);
    return new Stage(
        name,
        models * one.items(),
        one.unit(),
        models * one.tokens(),
        models * one.flops(),
        models * one.seconds(),
        one.memoryBytes());
  }

  /// The reference's log-probabilities of gold solutions.
  Stage scoreGold(String name, PromptCounts counts, List<String> held) {
    WorkPlan.Programs programs = work.programs();
    double prompt = counts.meanPrompt();
    double gold = counts.meanGold();
    double keys = meanKeys(prompt, gold, 1);
    long tokens = Math.round(counts.goldSolutions() * (prompt + gold));
    Cost cost =
        Cost.of(programs.scoreBatch(keys, device)).times(tokens / (double) programs.scoreTokens());
    return stage(name, counts.goldSolutions(), "solutions", tokens, cost, held);
  }

  /// The building of pairs, which computes nothing.
  Stage pairs(PromptCounts counts, long pairs, List<String> held) {
    double tokens = counts.meanPrompt() + 2 * counts.meanResponse();
    return stage("pair", pairs, "pairs", Math.round(pairs * tokens), new Cost(0, 0), held);
  }

  /// Optimizer steps on pairs.
  Stage train(String name, PromptCounts counts, int steps, List<String> held) {
    WorkPlan.Programs programs = work.programs();
    double prompt = counts.meanPrompt();
    double response = counts.meanResponse();
    double keys = meanKeys(prompt, response, 2);
    double pairs = (double) steps * config.train().batchSize();
    long tokens = Math.round(pairs * (prompt + 2 * response));
    Cost cost =
        Cost.of(programs.microBatch(keys, device))
            .times(tokens / (double) programs.microTokens())
            .plus(Cost.of(programs.updateStep(device)).times(steps));
    return stage(name, steps, "steps", tokens, cost, held);
  }

  /// Keys that a query meets on average where responses share a prompt: half of its own text, and a
  /// response all of its prompt.
  static double meanKeys(double prompt, double response, int responses) {
    double all = prompt * prompt / 2 + responses * response * (prompt + response / 2);
    return all / Math.max(1, prompt + responses * response);
  }

  private Stage stage(
      String name, long items, String unit, long tokens, Cost cost, List<String> held) {
    return new Stage(name, items, unit, tokens, cost.flops(), cost.seconds(), work.bytesOf(held));
  }

  /// Purposes of memory in the order in which a run comes to them; it gives none back.
  static List<String> held(List<String> before, List<String> more) {
    List<String> all = new ArrayList<>(before);
    more.stream().filter(purpose -> !all.contains(purpose)).forEach(all::add);
    return all;
  }
}
