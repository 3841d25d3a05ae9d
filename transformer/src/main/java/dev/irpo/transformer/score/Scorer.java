package dev.irpo.transformer.score;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.Workspace;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.packing.BudgetBuckets;
import dev.irpo.transformer.packing.PackedBatch;
import dev.irpo.transformer.packing.PackedInputs;
import dev.irpo.transformer.packing.SharedPrompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/// Scores sequences under a model: reference log-probabilities, losses on held-out text.
///
/// Consecutive sequences with the same prompt share its rows. Results come in the order of the
/// sequences and do not depend on what was packed together.
public final class Scorer {
  /// The program of one size of micro-batch.
  private record Bucket(PackedInputs inputs, Tensor tokenLogProbs, Program program) {}

  /// Consecutive sequences with one prompt.
  private record Group(SharedPrompt item, List<Sequence> sequences) {}

  private final Backend backend;
  private final Parameters parameters;
  private final CompileOptions options = CompileOptions.DEFAULT.in(new Workspace());
  private final BudgetBuckets<Bucket> buckets;

  /// A scorer; each call reads the parameters as they are then.
  ///
  /// @param tokenBudget rows of a micro-batch; a sequence longer than that gets one with as many
  ///   rows as it has tokens, rounded up
  public Scorer(Backend backend, Parameters parameters, int tokenBudget) {
    this.backend = backend;
    this.parameters = parameters;
    buckets = new BudgetBuckets<>(backend, tokenBudget, this::compile);
  }

  private Bucket compile(Budget budget) {
    Graph graph = new Graph();
    PackedInputs inputs = new PackedInputs(graph, budget);
    Llama model = new Llama(parameters, Llama.Activations.KEPT);
    Tensor tokenLogProbs = inputs.tokenLogProbs(model);
    graph.output(tokenLogProbs);
    return new Bucket(inputs, tokenLogProbs, backend.compile(graph, parameters.buffers(), options));
  }

  /// Makes room for sequences of `tokens` tokens.
  void growTo(int tokens) {
    buckets.growTo(tokens);
  }

  /// Bytes that the program of the largest micro-batch plans, which grows with the longest sequence
  /// scored so far.
  public long activationBytes() {
    return microBatch().plannedBytes();
  }

  /// The listing of the largest micro-batch's program, see [dev.irpo.tensor.Program#describe()].
  public String describe() {
    return microBatch().describe();
  }

  /// The program of the largest micro-batch, which grows with the longest sequence scored so far.
  public Program microBatch() {
    return buckets.smallestFor(buckets.largest()).program();
  }

  /// Scores the responses.
  ///
  /// @throws IllegalArgumentException if a sequence is longer than the context, has an empty prompt
  ///   or a token that the vocabulary lacks
  /// @throws NotFiniteException if a log-probability is not finite; its item is the index of the
  ///   sequence
  public List<SequenceScore> score(List<Sequence> sequences) {
    return score(sequences, _ -> {});
  }

  /// The same.
  ///
  /// @param progress told after each micro-batch how many sequences are scored
  public List<SequenceScore> score(List<Sequence> sequences, IntConsumer progress) {
    for (Sequence sequence : sequences) {
      int tokens = sequence.prompt().length + sequence.response().length;
      growTo(Math.min(tokens, parameters.config().maxPositions()));
    }
    List<SequenceScore> scores = new ArrayList<>();
    List<Group> pending = new ArrayList<>();
    PackedBatch batch = newBatch();
    for (Group group : groups(sequences)) {
      if (!batch.add(group.item)) {
        run(batch, pending, scores);
        progress.accept(scores.size());
        pending.clear();
        batch = newBatch();
        batch.add(group.item);
      }
      pending.add(group);
    }
    if (!pending.isEmpty()) {
      run(batch, pending, scores);
      progress.accept(scores.size());
    }
    return scores;
  }

  private PackedBatch newBatch() {
    return new PackedBatch(buckets.largest(), parameters.config());
  }

  private List<Group> groups(List<Sequence> sequences) {
    List<Group> groups = new ArrayList<>();
    List<Sequence> members = new ArrayList<>();
    int rows = 0;
    for (Sequence sequence : sequences) {
      boolean joins =
          !members.isEmpty()
              && Arrays.equals(members.getFirst().prompt(), sequence.prompt())
              && rows + sequence.response().length <= buckets.largest().tokens()
              && members.size() + 2 <= buckets.largest().segments();
      if (!joins) {
        addGroup(groups, members);
        members = new ArrayList<>();
        rows = sequence.prompt().length;
      }
      members.add(sequence);
      rows += sequence.response().length;
    }
    addGroup(groups, members);
    return groups;
  }

  private static void addGroup(List<Group> groups, List<Sequence> members) {
    if (members.isEmpty()) {
      return;
    }
    List<SharedPrompt.Response> responses =
        members.stream().map(member -> new SharedPrompt.Response(member.response(), 0)).toList();
    int[] prompt = members.getFirst().prompt();
    groups.add(new Group(new SharedPrompt(prompt, SharedPrompt.NOT_SCORED, responses), members));
  }

  private void run(PackedBatch batch, List<Group> groups, List<SequenceScore> scores) {
    Bucket bucket = buckets.smallestFor(batch.used());
    bucket.inputs.write(bucket.program, batch);
    bucket.program.run();
    Buffer values = bucket.program.buffer(bucket.tokenLogProbs);
    int at = 0;
    for (Group group : groups) {
      for (Sequence sequence : group.sequences) {
        float[] response = read(values, at, sequence.response().length);
        at += response.length;
        requireFinite(response, scores.size());
        scores.add(new SequenceScore(response));
      }
    }
  }

  private static void requireFinite(float[] logProbs, int index) {
    for (float logProb : logProbs) {
      if (!Float.isFinite(logProb)) {
        throw new NotFiniteException(
            "the model's log-probability of a token is not finite (%s)".formatted(logProb), index);
      }
    }
  }

  private static float[] read(Buffer values, int from, int count) {
    float[] result = new float[count];
    for (int i = 0; i < count; i++) {
      result[i] = (float) values.get(from + i);
    }
    return result;
  }
}
