package dev.irpo.transformer.packing;

import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.transformer.LlamaConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// One micro-batch on the host, filled item by item.
///
/// Unused rows hold token 0 at position 0 outside every segment; unused scored positions have row
/// −1.
public final class PackedBatch {
  private static final int COLUMNS = AttentionKernels.SEGMENT_COLUMNS;
  private static final int NONE = -1;

  private final Budget budget;
  private final LlamaConfig config;
  final int[] tokens;
  final int[] positions;
  final int[] segments;
  final int[] rows;
  final int[] targets;
  final int[] sums;
  final int[] items;
  private int numTokens;
  private int numSegments;
  private int numScored;
  private int numItems;

  /// An empty batch.
  ///
  /// @param config says how long a sequence may be and which tokens exist
  public PackedBatch(Budget budget, LlamaConfig config) {
    this.budget = budget;
    this.config = config;
    tokens = new int[budget.tokens()];
    positions = new int[budget.tokens()];
    segments = new int[budget.segments() * COLUMNS];
    rows = filled(budget.scoredPositions());
    targets = new int[budget.scoredPositions()];
    sums = filled(budget.scoredPositions());
    items = filled(budget.scoredPositions());
    for (int s = 0; s < budget.segments(); s++) {
      segments[s * COLUMNS + 2] = NONE;
    }
  }

  private static int[] filled(int length) {
    int[] values = new int[length];
    Arrays.fill(values, NONE);
    return values;
  }

  /// Packs items in their order into as few batches as their order allows.
  ///
  /// @throws IllegalArgumentException see [#add]
  public static List<PackedBatch> pack(
      List<SharedPrompt> items, Budget budget, LlamaConfig config) {
    List<PackedBatch> batches = new ArrayList<>();
    PackedBatch last = null;
    for (SharedPrompt item : items) {
      if (last == null || !last.add(item)) {
        last = new PackedBatch(budget, config);
        batches.add(last);
        last.add(item);
      }
    }
    return batches;
  }

  /// Adds an item if it fits into the room that is left.
  ///
  /// Its scored positions are consecutive: the prompt's if it is scored, then response by response.
  ///
  /// @return whether it was added
  /// @throws IllegalArgumentException if it would not fit into an empty batch either, is longer
  ///   than the context or has a token that the vocabulary lacks
  public boolean add(SharedPrompt item) {
    config.requireTokens(item.prompt());
    item.responses().forEach(response -> config.requireTokens(response.tokens()));
    if (item.longest() > config.maxPositions()) {
      throw new IllegalArgumentException(
          "prompt and response have %d tokens, the context holds %d; shorten them or leave them out"
              .formatted(item.longest(), config.maxPositions()));
    }
    Budget needs = item.needs();
    if (!budget.holds(needs)) {
      throw new IllegalArgumentException(
          "a prompt with its responses takes %d rows and %d segments, a micro-batch has %d and %d; raise the token budget"
              .formatted(needs.tokens(), needs.segments(), budget.tokens(), budget.segments()));
    }
    Budget after =
        new Budget(
            numTokens + needs.tokens(),
            numSegments + needs.segments(),
            numScored + needs.scoredPositions());
    if (!budget.holds(after)) {
      return false;
    }
    append(item);
    return true;
  }

  private void append(SharedPrompt item) {
    int[] prompt = item.prompt();
    int promptRow = numTokens;
    int parent = segment(prompt.length, NONE);
    for (int i = 0; i < prompt.length; i++) {
      row(prompt[i], i);
      if (i > 0 && item.promptSum() != SharedPrompt.NOT_SCORED) {
        scoredPosition(promptRow + i - 1, prompt[i], item.promptSum());
      }
    }
    for (SharedPrompt.Response response : item.responses()) {
      append(response, promptRow + prompt.length - 1, prompt.length, parent);
    }
    numItems++;
  }

  private void append(SharedPrompt.Response response, int promptEnd, int position, int parent) {
    int[] ids = response.tokens();
    int start = numTokens;
    if (response.rows() > 0) {
      segment(response.rows(), parent);
    }
    for (int i = 0; i < ids.length; i++) {
      if (i < response.rows()) {
        row(ids[i], position + i);
      }
      if (response.sum() != SharedPrompt.NOT_SCORED) {
        scoredPosition(i == 0 ? promptEnd : start + i - 1, ids[i], response.sum());
      }
    }
  }

  private int segment(int length, int parent) {
    int at = numSegments * COLUMNS;
    segments[at] = numTokens;
    segments[at + 1] = length;
    segments[at + 2] = parent;
    return numSegments++;
  }

  private void row(int token, int position) {
    tokens[numTokens] = token;
    positions[numTokens] = position;
    numTokens++;
  }

  private void scoredPosition(int row, int target, int sum) {
    rows[numScored] = row;
    targets[numScored] = target;
    sums[numScored] = sum;
    items[numScored] = numItems;
    numScored++;
  }

  /// The part of the budget that is in use.
  public Budget used() {
    return new Budget(numTokens, numSegments, numScored);
  }

  /// Number of items.
  public int numItems() {
    return numItems;
  }
}
