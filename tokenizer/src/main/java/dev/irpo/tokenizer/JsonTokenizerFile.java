package dev.irpo.tokenizer;

import java.util.List;

/// What a `tokenizer.json` says.
///
/// @param tokens by id, added tokens included
/// @param bosId token that the post-processor prepends, or -1
record JsonTokenizerFile(
    String[] tokens,
    List<AddedToken> added,
    List<Rewrite> rewrites,
    List<PreTokenizer> preTokenizers,
    BytePairModel model,
    TokenDecoding decoding,
    int bosId) {

  /// Whether encoding puts a space in front of a text.
  boolean addsLeadingSpace() {
    return rewrites.stream().anyMatch(Rewrite.Prepend.class::isInstance)
        || preTokenizers.stream()
            .anyMatch(step ->
                step instanceof PreTokenizer.SpaceInFront
                    || (step instanceof PreTokenizer.Metaspace meta
                        && meta.prefix() != PreTokenizer.Metaspace.Prefix.NEVER));
  }
}
