package dev.irpo.transformer.train;

import java.util.List;

/// One thing to learn from: a pair of responses, a single response, or one with a label.
///
/// Token ids are not copied and must not change. What a loss can ask of an item is in its
/// [ItemKind].
public sealed interface TrainItem {
  /// Tokens of the prompt x, at least one.
  int[] prompt();

  /// A preferred and a rejected response to one prompt.
  ///
  /// @param chosenReference ln M_ref(chosen | prompt), in nats
  /// @param rejectedReference ln M_ref(rejected | prompt), in nats
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record Pair(
      int[] prompt, int[] chosen, int[] rejected, float chosenReference, float rejectedReference)
      implements TrainItem {
    /// ln M(x).
    public static final LogProb<Pair> PROMPT = LogProb.ofPrompt();

    /// ln M(chosen | x).
    public static final LogProb<Pair> CHOSEN = LogProb.ofResponse("chosen", Pair::chosen);

    /// ln M(rejected | x).
    public static final LogProb<Pair> REJECTED = LogProb.ofResponse("rejected", Pair::rejected);

    /// ln M_ref(chosen | x).
    public static final ItemNumber<Pair> CHOSEN_REFERENCE =
        ItemNumber.underReference(CHOSEN, Pair::chosenReference);

    /// ln M_ref(rejected | x).
    public static final ItemNumber<Pair> REJECTED_REFERENCE =
        ItemNumber.underReference(REJECTED, Pair::rejectedReference);

    /// Items of this kind.
    public static final ItemKind<Pair> KIND =
        new ItemKind<>(List.of(PROMPT, CHOSEN, REJECTED), List::of);
  }

  /// A response to imitate.
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record Single(int[] prompt, int[] response) implements TrainItem {
    /// ln M(x).
    public static final LogProb<Single> PROMPT = LogProb.ofPrompt();

    /// ln M(response | x).
    public static final LogProb<Single> RESPONSE = LogProb.ofResponse("response", Single::response);

    /// Items of this kind; of a pair, its chosen response.
    public static final ItemKind<Single> KIND =
        new ItemKind<>(
            List.of(PROMPT, RESPONSE), pair -> List.of(new Single(pair.prompt, pair.chosen)));
  }

  /// A response that is good or bad by itself, for losses without pairs, such as KTO (Ethayarajh et
  /// al. 2024, arXiv:2402.01306). It is what such a loss is written over; no loss of module `irpo`
  /// takes it.
  ///
  /// @param isGood its label
  /// @param reference ln M_ref(response | prompt), in nats
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record Labelled(int[] prompt, int[] response, boolean isGood, float reference)
      implements TrainItem {
    /// ln M(x).
    public static final LogProb<Labelled> PROMPT = LogProb.ofPrompt();

    /// ln M(response | x).
    public static final LogProb<Labelled> RESPONSE =
        LogProb.ofResponse("response", Labelled::response);

    /// ln M_ref(response | x).
    public static final ItemNumber<Labelled> REFERENCE =
        ItemNumber.underReference(RESPONSE, Labelled::reference);

    /// 1 for a good response, −1 for a bad one.
    public static final ItemNumber<Labelled> SIGN =
        new ItemNumber<>("sign", item -> item.isGood ? 1 : -1);

    /// Items of this kind; of a pair, both responses.
    public static final ItemKind<Labelled> KIND =
        new ItemKind<>(
            List.of(PROMPT, RESPONSE),
            pair ->
                List.of(
                    new Labelled(pair.prompt, pair.chosen, true, pair.chosenReference),
                    new Labelled(pair.prompt, pair.rejected, false, pair.rejectedReference)));
  }
}
