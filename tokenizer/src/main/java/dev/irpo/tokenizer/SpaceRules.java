package dev.irpo.tokenizer;

/// What a SentencePiece model does with the spaces of a text.
///
/// @param normalizer spells them
/// @param takesFirstSpace whether a text that begins with a space has its prefix already, and none
///   is dropped
/// @param afterSpecials whether text after a special token gets the prefix too
record SpaceRules(TextNormalizer normalizer, boolean takesFirstSpace, boolean afterSpecials) {
  /// As the model says, like SentencePiece itself.
  static SpaceRules stated(TextNormalizer stated) {
    return new SpaceRules(stated, false, false);
  }

  /// As Hugging Face's library and llama.cpp do: no space is dropped. Where the model says that
  /// extra ones are, a space at the start is the prefix.
  static SpaceRules keepingAll(TextNormalizer stated, boolean addsPrefix, boolean afterSpecials) {
    return new SpaceRules(
        new TextNormalizer(
            stated.addDummyPrefix() && addsPrefix, false, stated.escapeWhitespaces()),
        stated.removeExtraWhitespaces(),
        afterSpecials);
  }

  /// The text as the model spells it.
  ///
  /// @param mayBePrefixed whether it stands where the prefix goes
  String apply(String text, boolean mayBePrefixed) {
    boolean beginsWithSpace =
        text.startsWith(" ") || text.startsWith(String.valueOf(TextNormalizer.ESCAPED_SPACE));
    return normalizer.normalize(text, mayBePrefixed && !(takesFirstSpace && beginsWithSpace));
  }
}
