package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.StopTexts;
import dev.irpo.plan.Units;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.decode.StopCondition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo sample`.
@Command(
    name = "sample",
    mixinStandardHelpOptions = true,
    header = "Samples responses to prompts.",
    description = {
      "{\"prompt\":…} or {\"promptIds\":[…]} to N lines {\"prompt\":i,\"sample\":j,\"ids\":[…],",
      "\"text\":…,\"logProb\":…,\"tokenLogProbs\":[…],\"finish\":\"stop\"|\"length\"}.",
      "The text is what the response adds to the prompt, with its space. Log-probabilities are",
      "the model's own at temperature 1, in nats.",
      "Started by mpirun, the processes hold the model together, each a slice of every layer."
    })
final class SampleCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;
  @Mixin private TextOptions texts;
  @Mixin private ComputeOptions compute;
  @Mixin private ProcessOptions together;

  @Option(names = "-n", defaultValue = "1", paramLabel = "N", description = "samples per prompt")
  private int samples;

  @Option(names = "--temperature", defaultValue = "1", paramLabel = "T", description = "0: greedy")
  private double temperature;

  @Option(names = "--top-k", defaultValue = "0", paramLabel = "K", description = "0: off")
  private int topK;

  @Option(names = "--top-p", defaultValue = "1", paramLabel = "P", description = "1: off")
  private double topP;

  @Option(
      names = "--max-new-tokens",
      defaultValue = "256",
      paramLabel = "M",
      description = "tokens of a response at most; default: ${DEFAULT-VALUE}")
  private int maxNewTokens;

  @Option(names = "--seed", defaultValue = "1", paramLabel = "S")
  private long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "a response ends where this text appears; may be repeated")
  private List<String> stops = new ArrayList<>();

  @Option(names = "--ignore-eos", description = "no end-of-sequence token ends a response")
  private boolean ignoreEos;

  @Option(
      names = "--slots",
      defaultValue = "32",
      paramLabel = "B",
      description = "responses sampled at a time; no result depends on it")
  private int slots;

  @Override
  public Integer call() throws IOException {
    if (samples < 1) {
      throw new IllegalArgumentException("-n is " + samples + ", at least 1 is needed");
    }
    try (ModelProcesses processes = together.open();
        Backend backend = compute.start(processes);
        JsonLines.LineReader reader = processes.standardInput()) {
      MappedModel mapped = MappedModel.open(backend, model, processes);
      LanguageModel loaded = mapped.model();
      List<GenerationRequest> requests = new ArrayList<>();
      int longest = 1;
      for (JsonLines.Line line = reader.next(); line != null; line = reader.next()) {
        int[] prompt = texts.prompt(loaded, line);
        TokenChecks.requireSequence(loaded.config(), line, prompt, 1);
        longest = Math.max(longest, prompt.length);
        requests.add(new GenerationRequest(requests.size(), prompt, 0, samples));
      }
      generate(backend, mapped, processes, requests, longest);
      processes.finish();
    }
    return 0;
  }

  private void generate(
      Backend backend,
      MappedModel mapped,
      ModelProcesses processes,
      List<GenerationRequest> requests,
      int longest) {
    LanguageModel loaded = mapped.model();
    List<Integer> stopIds = ignoreEos ? List.of() : loaded.stopIds();
    int newTokens = Math.min(maxNewTokens, loaded.config().maxPositions());
    SamplingSettings settings =
        new SamplingSettings(temperature, topK, topP, newTokens, stopIds, loaded.drawable());
    Function<int[], StopCondition> conditions =
        stops.isEmpty() ? _ -> StopCondition.NEVER : loaded.text().stopsAt(stops);
    DecodeLimits limits = DecodeLimits.of(slots, samples, longest, newTokens);
    mapped
        .memory()
        .sampling(limits, "--slots", "--max-new-tokens")
        .requireFits(processes.memoryBytes());
    long total = (long) samples * requests.size();
    try (Progress.Bar bar =
        processes.prints() ? Bars.besideResults("sample", total) : Progress.Bar.NONE) {
      new Generator(backend, loaded.parameters(), limits)
          .generate(
              requests.iterator(),
              new Sampling(settings, seed, 0, conditions),
              new Sampling.Listener() {
                @Override
                public void finished(GenerationRequest request, List<Sample> results) {
                  if (processes.prints()) {
                    results.forEach(sample -> print(loaded, request, sample));
                  }
                }

                @Override
                public void progress(long finished, long tokens) {
                  bar.at(finished, Units.count(tokens) + " tokens");
                }
              });
    }
  }

  private void print(LanguageModel loaded, GenerationRequest request, Sample sample) {
    ObjectNode result = JsonLines.object();
    result.put("prompt", request.problem());
    result.put("sample", sample.number());
    ArrayNode ids = result.putArray("ids");
    for (int id : sample.ids()) {
      ids.add(id);
    }
    loaded
        .optionalText()
        .map(rules -> rules.text(request.prompt(), sample.ids()))
        .ifPresent(text -> result.put("text", StopTexts.cut(text, stops)));
    result.put("logProb", sample.logProb());
    ArrayNode logProbs = result.putArray("tokenLogProbs");
    for (float value : sample.tokenLogProbs()) {
      logProbs.add(value);
    }
    result.put("finish", sample.finish().name().toLowerCase(Locale.ROOT));
    JsonLines.print(result);
  }
}
