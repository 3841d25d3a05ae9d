package dev.irpo.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/// The BPE model of a `tokenizer.json`: a piece of text to ids by ranked merges.
///
/// @param ids entries that text may become, so not the special ones
/// @param unkId id for a character that has no entry, or -1 to drop it
/// @param fusesUnk whether adjacent characters without an entry give one unknown token
/// @param idOfByte entry of each byte for characters without entry, or empty
/// @param ignoresMerges whether a piece that is itself an entry is taken whole, without merging
record BytePairModel(
    Map<String, Integer> ids,
    MergeTable merges,
    int unkId,
    boolean fusesUnk,
    int[] idOfByte,
    boolean ignoresMerges) {

  void encode(String piece, IntStream.Builder out) {
    Integer whole = ignoresMerges ? ids.get(piece) : null;
    if (whole != null) {
      out.add(whole);
      return;
    }
    int[] symbols = new int[3 * piece.length()]; // a char has at most three bytes
    int count = 0;
    boolean afterUnk = false;
    for (int i = 0; i < piece.length(); ) {
      String character = Character.toString(piece.codePointAt(i));
      i += character.length();
      Integer id = ids.get(character);
      boolean isUnk = id == null && idOfByte.length == 0;
      if (id != null) {
        symbols[count++] = id;
      } else if (!isUnk) {
        for (byte value : character.getBytes(StandardCharsets.UTF_8)) {
          symbols[count++] = idOfByte[value & 0xFF];
        }
      } else if (unkId >= 0 && !(afterUnk && fusesUnk)) {
        symbols[count++] = unkId;
      }
      afterUnk = isUnk;
    }
    Arrays.stream(new MergeRun(merges, symbols, count).merge()).forEach(out::add);
  }
}
