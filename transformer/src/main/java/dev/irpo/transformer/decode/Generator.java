package dev.irpo.transformer.decode;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Samples responses with a model, many at a time.
///
/// Holds the cache and the compiled programs, so keep it while the model and the limits stay the
/// same; each run reads the weights as they are. Not thread-safe.
public final class Generator {
  private final Backend backend;
  private final Llama model;
  private final DecodeLimits limits;
  private final Map<String, Buffer> variables;
  private final List<Buffer> caches = new ArrayList<>();
  private final Map<DecodeProgram.Size, DecodeProgram> programs = new HashMap<>();
  private final Workspace workspace = new Workspace();

  /// A generator with an empty cache.
  public Generator(Backend backend, Parameters parameters, DecodeLimits limits) {
    this.backend = backend;
    this.limits = limits;
    LlamaConfig config = parameters.config();
    model = new Llama(parameters, Llama.Activations.KEPT);
    variables = new HashMap<>(parameters.buffers());
    long cacheElements = DecodeProgram.cacheShape(config, limits).numElements();
    DType cacheType = DecodeProgram.cacheType(backend, model);
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (String cache : List.of(DecodeProgram.keyCache(layer), DecodeProgram.valueCache(layer))) {
        caches.add(backend.allocate(cacheType, cacheElements));
        variables.put(cache, caches.getLast());
      }
    }
  }

  /// Draws all samples of all requests.
  ///
  /// Requests are taken from the iterator as slots become free, and handed to the listener complete
  /// and in their order.
  ///
  /// @throws IllegalArgumentException if a prompt leaves no room in the context, is beyond the
  ///   limits or has a token that the vocabulary lacks
  /// @throws dev.irpo.transformer.NotFiniteException if a logit is not finite; its item is the
  ///   problem
  public void generate(
      Iterator<GenerationRequest> requests, Sampling sampling, Sampling.Listener listener) {
    if (sampling.settings().maxNewTokens() > limits.maxNewTokens()) {
      throw new IllegalArgumentException(
          "max-new-tokens is %d, the cache holds %d for each response; raise the limit or lower it"
              .formatted(sampling.settings().maxNewTokens(), limits.maxNewTokens()));
    }
    new Generation(this, requests, sampling, listener).run();
    // no later generation reads them: a plan that goes need not bring them to the host
    caches.forEach(cache -> cache.storage().discard());
  }

  /// Checks a request against the context and the cache.
  void check(GenerationRequest request) {
    int length = request.prompt().length;
    int maxPositions = model.config().maxPositions();
    if (length >= maxPositions) {
      throw new IllegalArgumentException(
          "the prompt of problem %d has %d tokens, the context holds %d with the response; shorten it"
              .formatted(request.problem(), length, maxPositions));
    }
    if (length > limits.maxPromptTokens()) {
      throw new IllegalArgumentException(
          "the prompt of problem %d has %d tokens, the cache holds %d; raise the limit on prompts"
              .formatted(request.problem(), length, limits.maxPromptTokens()));
    }
    model.config().requireTokens(request.prompt());
  }

  /// Runs the rows of a plan and returns what was drawn.
  DrawnTokens run(RowPlan plan, SamplingSettings settings) {
    DecodeProgram program = program(new DecodeProgram.Size(plan.numRows(), plan.numLogits()));
    program.run(plan, settings);
    return program.drawn();
  }

  private DecodeProgram program(DecodeProgram.Size used) {
    if (!backend.traits().compilesSlowly()) {
      if (programs.isEmpty()) {
        largest(); // so that the memory of all sizes never grows
      }
      return sized(used);
    }
    List<DecodeProgram.Size> sizes = DecodeProgram.Size.few(limits);
    if (programs.isEmpty()) {
      sizes.forEach(size -> programs.computeIfAbsent(size, this::compile));
    }
    return programs.get(sizes.stream().filter(size -> size.holds(used)).findFirst().orElseThrow());
  }

  private DecodeProgram sized(DecodeProgram.Size used) {
    return programs.computeIfAbsent(used.roundedUp(limits.slots()), this::compile);
  }

  private DecodeProgram largest() {
    return backend.traits().compilesSlowly()
        ? program(DecodeProgram.Size.few(limits).getLast())
        : sized(DecodeProgram.Size.largest(limits));
  }

  private DecodeProgram compile(DecodeProgram.Size size) {
    return new DecodeProgram(backend, model, variables, limits, size, workspace);
  }

  /// Bytes that the programs of all sizes plan together.
  public long activationBytes() {
    return largest().program().plannedBytes();
  }

  /// The listing of the program for one more token in each slot, see
  /// [dev.irpo.tensor.Program#describe()].
  public String describe() {
    return tokenInEachSlot().describe();
  }

  /// The program for one more token in each slot.
  public Program tokenInEachSlot() {
    return program(new DecodeProgram.Size(limits.slots(), limits.slots())).program();
  }

  /// Rows of prompts that one run takes beside the slots.
  public int prefillRows() {
    return limits.prefillRows();
  }

  /// The program of the most rows: a token in each slot and as many rows of prompts as one run
  /// takes.
  public Program mostRows() {
    int rows = limits.slots() + limits.prefillRows();
    return program(new DecodeProgram.Size(rows, limits.slots())).program();
  }

  LlamaConfig config() {
    return model.config();
  }

  DecodeLimits limits() {
    return limits;
  }
}
