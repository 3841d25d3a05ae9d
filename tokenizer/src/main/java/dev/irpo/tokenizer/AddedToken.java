package dev.irpo.tokenizer;

/// A token that is found in text before anything else.
///
/// @param special whether it is read only where special tokens are asked for, and decoded to
///   nothing
/// @param normalized whether it is looked for in the normalized text
/// @param lstrip whether white space before it is part of it
/// @param rstrip whether white space after it is part of it
/// @param singleWord whether it counts only where no letter or digit touches it
record AddedToken(
    int id,
    String content,
    boolean special,
    boolean normalized,
    boolean lstrip,
    boolean rstrip,
    boolean singleWord) {}
