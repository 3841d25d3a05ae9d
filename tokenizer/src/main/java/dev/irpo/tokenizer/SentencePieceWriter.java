package dev.irpo.tokenizer;

import java.util.List;
import sentencepiece.SentencepieceModel.ModelProto;
import sentencepiece.SentencepieceModel.NormalizerSpec;
import sentencepiece.SentencepieceModel.TrainerSpec;

/// Writes a vocabulary as a `tokenizer.model` that SentencePiece itself can load.
final class SentencePieceWriter {
  private SentencePieceWriter() {}

  /// A vocabulary that was trained here.
  static byte[] write(List<Piece> pieces, TextNormalizer normalizer, SentencePieceTrainer trainer) {
    return write(
        pieces,
        normalizer,
        TrainerSpec.newBuilder()
            .setModelType(TrainerSpec.ModelType.BPE)
            .setVocabSize(trainer.vocabSize())
            .setCharacterCoverage(1)
            .setMaxSentencepieceLength(trainer.maxPieceLength())
            .setSplitByWhitespace(!trainer.crossWhitespace())
            .setSplitDigits(trainer.splitDigits())
            .addAllUserDefinedSymbols(trainer.userDefinedSymbols())
            .setByteFallback(trainer.byteFallback())
            .setPadId(-1));
  }

  /// A vocabulary from another format, which does not tell how it was trained.
  static byte[] write(ModelFile model) {
    return write(
        model.pieces(),
        model.normalizer(),
        TrainerSpec.newBuilder()
            .setModelType(TrainerSpec.ModelType.BPE)
            .setVocabSize(model.pieces().size())
            .setByteFallback(model.byteFallback())
            .setUnkSurface(model.unkSurface())
            .setBosPiece(model.bosPiece())
            .setEosPiece(model.eosPiece()));
  }

  private static byte[] write(
      List<Piece> pieces, TextNormalizer normalizer, TrainerSpec.Builder trainer) {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setTrainerSpec(trainer)
            .setNormalizerSpec(
                NormalizerSpec.newBuilder()
                    .setName("identity")
                    .setAddDummyPrefix(normalizer.addDummyPrefix())
                    .setRemoveExtraWhitespaces(normalizer.removeExtraWhitespaces())
                    .setEscapeWhitespaces(normalizer.escapeWhitespaces()));
    for (Piece piece : pieces) {
      model.addPieces(
          ModelProto.SentencePiece.newBuilder()
              .setPiece(piece.text())
              .setScore(piece.score())
              .setType(ModelProto.SentencePiece.Type.forNumber(piece.kind().number)));
    }
    return model.build().toByteArray();
  }
}
