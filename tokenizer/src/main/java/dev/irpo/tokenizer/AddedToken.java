package dev.irpo.tokenizer;

/// A token that is found in text before anything else.
///
/// @param special a mark: read only where marks are asked for, decoded to nothing
/// @param normalized looked for in the normalized text
/// @param lstrip takes white space before it along
/// @param rstrip takes white space behind it along
/// @param singleWord only where no letter or digit touches it
record AddedToken(
    int id,
    String content,
    boolean special,
    boolean normalized,
    boolean lstrip,
    boolean rstrip,
    boolean singleWord) {}
