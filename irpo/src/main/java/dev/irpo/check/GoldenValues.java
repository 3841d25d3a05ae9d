package dev.irpo.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.model.LanguageModel;
import dev.irpo.synthetic.CorpusMix;
import dev.irpo.synthetic.WordProblemCorpus;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/// What the reference backend computes in double precision with the demo's model, its weights
/// rounded to bfloat16: greedy responses, log-probabilities, and training steps. The jar holds
/// them; `irpo check --write-golden FILE` makes them again.
///
/// @param made the command
/// @param greedy responses of the most probable tokens
/// @param pairs of responses with their log-probabilities
/// @param steps of a training on all of the pairs, one after the other
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record GoldenValues(String made, List<Greedy> greedy, List<ScoredPair> pairs, List<Step> steps) {
  private static final String RESOURCE = "golden.json";
  private static final String COMMAND = "irpo check --write-golden FILE";
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long SEED = 11;
  private static final int PROBLEMS = 2;
  private static final int STEPS = 2;

  /// A greedy response.
  record Greedy(int[] prompt, int[] response, String text) {}

  /// A pair, and the nats that the model gives its responses.
  record ScoredPair(
      int[] prompt, int[] chosen, int[] rejected, double chosenLogProb, double rejectedLogProb) {}

  /// A training step.
  ///
  /// @param loss before its update
  /// @param gradNorm of the gradient before clipping
  record Step(double loss, double gradNorm) {}

  /// Those in the jar.
  static GoldenValues read() throws IOException {
    try (InputStream content = GoldenValues.class.getResourceAsStream(RESOURCE)) {
      if (content == null) {
        throw new IllegalStateException("the jar lacks " + RESOURCE);
      }
      return MAPPER.readValue(content, GoldenValues.class);
    }
  }

  /// Computes them on problems of the demo's kind; a right response is preferred to that of the
  /// next problem.
  static GoldenValues compute() throws IOException {
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      LanguageModel model = DemoModel.open(backend);
      GoldenWork work = new GoldenWork(backend, model);
      List<Greedy> greedy = new ArrayList<>();
      List<ScoredPair> pairs = new ArrayList<>();
      List<WordProblemCorpus.Document> texts =
          new WordProblemCorpus(SEED, CorpusMix.standard()).secondStage(PROBLEMS);
      for (int i = 0; i < PROBLEMS; i++) {
        int[] prompt = model.text().promptIds(texts.get(i).prompt());
        int[] response = work.greedy(prompt);
        greedy.add(new Greedy(prompt, response, model.text().tokenizer().decode(response)));
        String text = texts.get(i).prompt();
        int[] chosen = model.text().finishedResponseIds(text, texts.get(i).response());
        int[] rejected =
            model.text().finishedResponseIds(text, texts.get((i + 1) % PROBLEMS).response());
        pairs.add(
            new ScoredPair(
                prompt,
                chosen,
                rejected,
                work.logProb(prompt, chosen),
                work.logProb(prompt, rejected)));
      }
      return new GoldenValues(COMMAND, greedy, pairs, work.steps(pairs, STEPS));
    }
  }

  /// The content of the resource.
  String toJson() throws JsonProcessingException {
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n";
  }
}
