package dev.irpo.tokenizer;

/// Decodes ids of a SentencePiece model with added tokens.
final class ExtendedDecoder implements StreamingDecoder {
  private final ExtendedTokenizer tokenizer;
  private final PieceDecoder trained;

  ExtendedDecoder(ExtendedTokenizer tokenizer, PieceDecoder trained) {
    this.tokenizer = tokenizer;
    this.trained = trained;
  }

  @Override
  public String append(int id) {
    AddedToken token = tokenizer.added(id);
    boolean isPiece = id < tokenizer.trainedSize();
    if (token == null || (isPiece && !tokenizer.isHidden(token))) {
      return trained.append(id);
    }
    return trained.appendText(token.special() ? "" : token.content());
  }

  @Override
  public String finish() {
    return trained.finish();
  }
}
