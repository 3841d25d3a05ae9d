/// Byte-pair encoding: text to token ids and back, with SentencePiece's vocabularies and Hugging
/// Face's, and the training of small SentencePiece ones.
///
/// A **vocabulary** is a list of pieces; a token id is a piece's place in it. Text becomes ids in
/// four steps:
///
/// ```text
/// "Tom has 12\n"
///   normalise          ▁Tom▁has▁12⏎           a space in front, then every space as ▁ (U+2581)
///   split              ▁ T o m ▁ h a s ▁ 1 2 ⏎ one symbol per code point or user-defined piece
///   merge              ▁Tom ▁has ▁ 1 2 ⏎       always the neighbours whose union scores highest,
///                                              the leftmost first, until no union is a piece
///   look up            4335 756 29871 29896 …  what has no piece becomes its UTF-8 bytes,
///                                              pieces <0x00> … <0xFF>, or else <unk>
/// ```
///
/// The kinds of piece:
///
/// - **normal**: found by merging. A piece's score is minus the order in which training found it,
///   so "highest score first" replays the training on the text.
/// - **user-defined**: cut out of the text whole, before any merging; the longest match wins.
/// - **control**, such as `<s>` and `</s>`: special tokens around the text, never part of it. The
///   letters `</s>` in plain text are four letters; only {@link
///   dev.irpo.tokenizer.Tokenizer#encodeWithSpecials} reads them as the token.
/// - **byte** and **unknown**: for what the vocabulary cannot spell. With all 256 byte pieces every
///   text can be encoded and decoded without loss.
///
/// Decoding joins the pieces, turns ▁ into a space, drops the space that normalising put before it,
/// and reads runs of byte pieces as UTF-8. A character may thus be spread over several tokens,
/// which is why text that grows token by token is read through a {@link
/// dev.irpo.tokenizer.StreamingDecoder}.
///
/// Merging keeps the symbols in a linked list and the possible unions in a priority queue, so n
/// characters cost n log n whatever they are. Training ({@link
/// dev.irpo.tokenizer.SentencePieceTrainer}) runs on counts of distinct words and updates them only
/// around each merge.
///
/// The file is SentencePiece's own `tokenizer.model`, read and written through the messages of its
/// `sentencepiece_model.proto`. Method: Sennrich, Haddow and Birch 2016 (arXiv:1508.07909);
/// program: Kudo and Richardson 2018 (arXiv:1808.06226), github.com/google/sentencepiece 0.2.2,
/// whose results are the tests' golden rows.
///
/// Hugging Face's `tokenizer.json` ({@link dev.irpo.tokenizer.JsonTokenizer}) describes its steps
/// itself: added tokens are cut out, a normalizer rewrites the rest, pre-tokenizers cut it into
/// pieces, a BPE model with merges in order of rank turns each piece into ids, and a decoder turns
/// tokens into text. {@link dev.irpo.tokenizer.Tokenizer} is what both kinds have in common. {@link
/// dev.irpo.tokenizer.TokenizerFolder} is what all the files of a model's folder say of it
/// together: which tokenizer counts, tokens that were added to it, and what stands around a text.
/// Formats that keep a tokenizer in parts, as GGUF does, get the file back from {@link
/// dev.irpo.tokenizer.SentencePieceParts} or {@link dev.irpo.tokenizer.ByteLevelParts}.
package dev.irpo.tokenizer;
