package dev.irpo.tokenizer;

import java.util.List;

/// What a `tokenizer.json` says.
///
/// @param tokens by id, added tokens included
/// @param trainedSize tokens that are not only among the added ones, which have the last ids
/// @param before tokens that the post-processor puts before a text
/// @param after tokens that it puts after it
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record JsonTokenizerFile(
    String[] tokens,
    int trainedSize,
    List<AddedToken> added,
    List<Rewrite> rewrites,
    List<PreTokenizer> preTokenizers,
    BytePairModel model,
    TokenDecoding decoding,
    int[] before,
    int[] after) {}
