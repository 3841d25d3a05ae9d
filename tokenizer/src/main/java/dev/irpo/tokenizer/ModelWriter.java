package dev.irpo.tokenizer;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/// Writes a vocabulary as a `tokenizer.model` that SentencePiece itself can load.
final class ModelWriter {
  private static final int BPE = 2;

  /// Writes the fields of one message.
  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private ModelWriter() {}

  /// A vocabulary that was trained here.
  static byte[] write(List<Piece> pieces, TextNormalizer normalizer, SentencePieceTrainer trainer) {
    return write(pieces, normalizer, fields -> writeTrainer(fields, trainer));
  }

  /// A vocabulary of which nothing is known but what it encodes to.
  static byte[] write(ModelFile model) {
    return write(
        model.pieces(),
        model.normalizer(),
        out -> {
          out.writeEnum(number(ModelFields.TRAINER_MODEL_TYPE), BPE);
          out.writeInt32(number(ModelFields.TRAINER_VOCAB_SIZE), model.pieces().size());
          out.writeBool(number(ModelFields.TRAINER_BYTE_FALLBACK), model.byteFallback());
          out.writeString(number(ModelFields.TRAINER_UNK_SURFACE), model.unkSurface());
          out.writeString(number(ModelFields.TRAINER_BOS_PIECE), model.bosPiece());
          out.writeString(number(ModelFields.TRAINER_EOS_PIECE), model.eosPiece());
        });
  }

  private static byte[] write(List<Piece> pieces, TextNormalizer normalizer, Fields trainer) {
    return message(out -> {
      for (Piece piece : pieces) {
        writeMessage(out, ModelFields.MODEL_PIECE, fields -> writePiece(fields, piece));
      }
      writeMessage(out, ModelFields.MODEL_TRAINER, trainer);
      writeMessage(
          out, ModelFields.MODEL_NORMALIZER, fields -> writeNormalizer(fields, normalizer));
    });
  }

  private static void writePiece(CodedOutputStream out, Piece piece) throws IOException {
    out.writeString(number(ModelFields.PIECE_TEXT), piece.text());
    out.writeFloat(number(ModelFields.PIECE_SCORE), piece.score());
    out.writeEnum(number(ModelFields.PIECE_TYPE), piece.kind().number);
  }

  private static void writeTrainer(CodedOutputStream out, SentencePieceTrainer trainer)
      throws IOException {
    out.writeEnum(number(ModelFields.TRAINER_MODEL_TYPE), BPE);
    out.writeInt32(number(ModelFields.TRAINER_VOCAB_SIZE), trainer.vocabSize());
    out.writeFloat(number(ModelFields.TRAINER_CHARACTER_COVERAGE), 1);
    out.writeInt32(number(ModelFields.TRAINER_MAX_PIECE_LENGTH), trainer.maxPieceLength());
    out.writeBool(number(ModelFields.TRAINER_SPLIT_BY_WHITESPACE), !trainer.crossWhitespace());
    out.writeBool(number(ModelFields.TRAINER_SPLIT_DIGITS), trainer.splitDigits());
    for (String symbol : trainer.userDefinedSymbols()) {
      out.writeString(number(ModelFields.TRAINER_USER_DEFINED), symbol);
    }
    out.writeBool(number(ModelFields.TRAINER_BYTE_FALLBACK), trainer.byteFallback());
    out.writeInt32(number(ModelFields.TRAINER_PAD_ID), -1);
  }

  private static void writeNormalizer(CodedOutputStream out, TextNormalizer normalizer)
      throws IOException {
    out.writeString(number(ModelFields.NORMALIZER_NAME), "identity");
    out.writeBool(number(ModelFields.NORMALIZER_ADD_DUMMY_PREFIX), normalizer.addDummyPrefix());
    out.writeBool(
        number(ModelFields.NORMALIZER_REMOVE_EXTRA_WHITESPACES),
        normalizer.removeExtraWhitespaces());
    out.writeBool(
        number(ModelFields.NORMALIZER_ESCAPE_WHITESPACES), normalizer.escapeWhitespaces());
  }

  private static void writeMessage(CodedOutputStream out, int tag, Fields fields)
      throws IOException {
    out.writeByteArray(number(tag), message(fields));
  }

  private static byte[] message(Fields fields) {
    var bytes = new ByteArrayOutputStream();
    try {
      var out = CodedOutputStream.newInstance(bytes);
      fields.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new AssertionError("an array has no I/O", e);
    }
    return bytes.toByteArray();
  }

  private static int number(int tag) {
    return WireFormat.getTagFieldNumber(tag);
  }
}
