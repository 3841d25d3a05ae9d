package dev.irpo.tokenizer;

import java.util.List;

/// What a `tokenizer.model` says, as far as encoding and decoding need it.
///
/// @param byteFallback whether characters without a piece become their bytes
/// @param unkSurface what `<unk>` decodes to
/// @param bosPiece text of the control piece that begins a sequence
/// @param eosPiece text of the control piece that ends one
record ModelFile(
    List<Piece> pieces,
    TextNormalizer normalizer,
    boolean byteFallback,
    String unkSurface,
    String bosPiece,
    String eosPiece) {}
