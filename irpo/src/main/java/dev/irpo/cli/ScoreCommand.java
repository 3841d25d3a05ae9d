package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.model.LanguageModel;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `irpo score`.
@Command(
    name = "score",
    mixinStandardHelpOptions = true,
    header = "Log-probabilities of given responses.",
    description = {
      "{\"promptIds\":[…],\"responseIds\":[…]} or {\"prompt\":…,\"response\":…} to",
      "{\"tokenLogProbs\":[…],\"logProb\":…}, line by line, in nats.",
      "Started by mpirun, the processes hold the model together, each a slice of every layer.",
      "Ids are taken as they are; a prompt's text gets the tokenizer's BOS before it, and a",
      "response's text are the ids of prompt and response together after those of the prompt."
    })
final class ScoreCommand implements Callable<Integer> {
  /// Lines scored together; results do not depend on it.
  private static final int BATCH_LINES = 256;

  private static final int TOKEN_BUDGET = 4096;

  @Mixin private ModelOptions model;
  @Mixin private TextOptions texts;
  @Mixin private ComputeOptions compute;
  @Mixin private ProcessOptions together;

  @Override
  public Integer call() throws IOException {
    try (ModelProcesses processes = together.open();
        Backend backend = compute.start(processes);
        JsonLines.LineReader reader = processes.standardInput();
        Progress.Bar bar =
            processes.prints() ? Bars.besideResults("score", 0) : Progress.Bar.NONE) {
      MappedModel mapped = MappedModel.open(backend, model, processes);
      LanguageModel loaded = mapped.model();
      requireFits(mapped, processes, TOKEN_BUDGET);
      int longest = TOKEN_BUDGET;
      Scorer scorer = new Scorer(backend, loaded.parameters(), TOKEN_BUDGET);
      List<Sequence> batch = new ArrayList<>();
      long scored = 0;
      for (JsonLines.Line line = reader.next(); line != null; line = reader.next()) {
        Sequence sequence = sequence(loaded, line);
        int tokens = sequence.prompt().length + sequence.response().length;
        if (tokens > longest) { // gets a micro-batch that is as long
          requireFits(mapped, processes, tokens);
          longest = tokens;
        }
        batch.add(sequence);
        if (batch.size() == BATCH_LINES) {
          print(processes, scorer.score(batch));
          scored += batch.size();
          bar.at(scored, "");
          batch.clear();
        }
      }
      print(processes, scorer.score(batch));
      bar.at(scored + batch.size(), "");
      processes.finish();
    }
    return 0;
  }

  private static void requireFits(MappedModel mapped, ModelProcesses processes, int tokens) {
    mapped.memory().scoring(tokens).requireFits(processes.memoryBytes());
  }

  private Sequence sequence(LanguageModel model, JsonLines.Line line) {
    int[] prompt = texts.prompt(model, line);
    int[] response = texts.response(model, line);
    TokenChecks.requireSequence(model.config(), line, prompt, response.length);
    TokenChecks.requireTokens(model.config(), line, response);
    return new Sequence(prompt, response);
  }

  private static void print(ModelProcesses processes, List<SequenceScore> scores) {
    if (!processes.prints()) {
      return;
    }
    for (SequenceScore score : scores) {
      ObjectNode result = JsonLines.object();
      ArrayNode values = result.putArray("tokenLogProbs");
      for (float value : score.tokenLogProbs()) {
        values.add(value);
      }
      result.put("logProb", score.logProb());
      JsonLines.print(result);
    }
  }
}
