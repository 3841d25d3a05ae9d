package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;

/// A token that is found in text before anything else.
///
/// @param id -1 where only its place among others gives one
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
    boolean singleWord) {
  /// A token with the flags that an object gives it; an absent one is false, `normalized` true for
  /// a token that is not special.
  static AddedToken of(int id, String content, JsonNode flags, boolean special) {
    return new AddedToken(
        id,
        content,
        special,
        flags.path("normalized").asBoolean(!special),
        flags.path("lstrip").asBoolean(),
        flags.path("rstrip").asBoolean(),
        flags.path("single_word").asBoolean());
  }

  /// A token that strips no space, may stand within a word and is looked for in the text as it is.
  static AddedToken plain(int id, String content, boolean special) {
    return new AddedToken(id, content, special, false, false, false, false);
  }

  /// Lists the token among the `added_tokens` of a `tokenizer.json`.
  void addTo(ArrayNode listed) {
    listed
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", singleWord)
        .put("lstrip", lstrip)
        .put("rstrip", rstrip)
        .put("normalized", normalized)
        .put("special", special);
  }

  /// Whether it says nothing of the text around it.
  boolean isPlain() {
    return !lstrip && !rstrip && !singleWord;
  }

  /// The same token as a special one.
  AddedToken asSpecial() {
    return new AddedToken(id, content, true, normalized, lstrip, rstrip, singleWord);
  }

  /// The same token with an id.
  AddedToken at(int given) {
    return new AddedToken(given, content, special, normalized, lstrip, rstrip, singleWord);
  }
}
