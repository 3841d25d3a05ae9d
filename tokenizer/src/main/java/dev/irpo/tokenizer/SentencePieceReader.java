package dev.irpo.tokenizer;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sentencepiece.SentencepieceModel.ModelProto;
import sentencepiece.SentencepieceModel.NormalizerSpec;
import sentencepiece.SentencepieceModel.TrainerSpec;

/// Reads a `tokenizer.model`; refuses by name what would encode differently here.
///
/// The parts of the file are parsed one by one, so a file with more pieces than any model has is
/// refused before they fill the memory.
final class SentencePieceReader {
  /// Llama 2 has 32,000 pieces of at most 16 characters; the work is pieces times length squared.
  private static final int MAX_PIECES = 1 << 19;

  private static final int MAX_PIECE_CHARS = 256;

  /// Bounds the memory of a hostile part, in which two bytes can become an object.
  private static final int MAX_PART_BYTES = 1 << 22;

  private final String sourceName;
  private final List<Piece> pieces = new ArrayList<>();
  private final TrainerSpec.Builder trainer = TrainerSpec.newBuilder();
  private final NormalizerSpec.Builder normalizer = NormalizerSpec.newBuilder();
  private final NormalizerSpec.Builder denormalizer = NormalizerSpec.newBuilder();
  private boolean sawTrainer;
  private boolean sawNormalizer;

  private SentencePieceReader(String sourceName) {
    this.sourceName = sourceName;
  }

  /// @throws IllegalArgumentException if the bytes are not a whole BPE model that is supported
  static ModelFile read(byte[] model, String sourceName) {
    var reader = new SentencePieceReader(sourceName);
    try {
      reader.readParts(CodedInputStream.newInstance(model));
      return reader.checked(model.length);
    } catch (InvalidProtocolBufferException e) {
      throw reader.refuse(
          "its "
              + model.length
              + " bytes end early or are damaged, after "
              + reader.pieces.size()
              + " pieces; copy or download the file again",
          e);
    } catch (IOException e) {
      throw new AssertionError("an array has no I/O", e);
    }
  }

  /// The fields of the file's `ModelProto`; a message that is repeated adds to the earlier one.
  private void readParts(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      boolean isMessage = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      switch (isMessage ? WireFormat.getTagFieldNumber(tag) : 0) {
        case ModelProto.PIECES_FIELD_NUMBER -> pieces.add(readPiece(in));
        case ModelProto.TRAINER_SPEC_FIELD_NUMBER -> {
          sawTrainer = true;
          readPart(in, trainer);
        }
        case ModelProto.NORMALIZER_SPEC_FIELD_NUMBER -> {
          sawNormalizer = true;
          readPart(in, normalizer);
        }
        case ModelProto.DENORMALIZER_SPEC_FIELD_NUMBER -> readPart(in, denormalizer);
        default -> {
          if (!in.skipField(tag)) {
            throw new InvalidProtocolBufferException("a group ends that never began");
          }
        }
      }
    }
  }

  private void readPart(CodedInputStream in, MessageLite.Builder part) throws IOException {
    ByteString bytes = in.readBytes();
    if (bytes.size() > MAX_PART_BYTES) {
      throw refuse(
          "a part of it has %d bytes, at most %d are read; copy the file again"
              .formatted(bytes.size(), MAX_PART_BYTES),
          null);
    }
    part.mergeFrom(bytes, ExtensionRegistryLite.getEmptyRegistry());
  }

  private Piece readPiece(CodedInputStream in) throws IOException {
    ModelProto.SentencePiece.Builder piece = ModelProto.SentencePiece.newBuilder();
    readPart(in, piece);
    String text = text(piece.getPieceBytes());
    if (pieces.size() == MAX_PIECES || text.length() > MAX_PIECE_CHARS) {
      throw refuse(
          "piece %d has %d characters, at most %d pieces of at most %d are read; copy the file again"
              .formatted(pieces.size(), text.length(), MAX_PIECES, MAX_PIECE_CHARS),
          null);
    }
    if (Float.isNaN(piece.getScore())) {
      throw refuse("piece " + pieces.size() + " has the score NaN; copy the file again", null);
    }
    return new Piece(text, piece.getScore(), kind(piece));
  }

  private Piece.Kind kind(ModelProto.SentencePiece.Builder piece) {
    Optional<Integer> unknown =
        unknownValue(piece.getUnknownFields(), ModelProto.SentencePiece.TYPE_FIELD_NUMBER);
    Optional<Piece.Kind> kind = Piece.Kind.of(piece.getType().getNumber());
    if (unknown.isEmpty() && kind.isPresent()) {
      return kind.get();
    }
    String name =
        unknown
            .map(number -> "unknown to this program: " + number)
            .orElseGet(() -> lowerCase(piece.getType()));
    throw refuse(
        "piece "
            + pieces.size()
            + " is of a type that is not supported ("
            + name
            + "); export the model without such pieces",
        null);
  }

  private ModelFile checked(int numBytes) throws InvalidProtocolBufferException {
    if (pieces.isEmpty() || !sawTrainer || !sawNormalizer) {
      throw refuse(
          "its "
              + numBytes
              + " bytes hold "
              + pieces.size()
              + " pieces and "
              + (sawTrainer ? "no normalizer_spec" : "no trainer_spec")
              + ", so it is cut off or not a SentencePiece model; copy or download the file again",
          null);
    }
    requireSupported();
    return new ModelFile(
        List.copyOf(pieces),
        new TextNormalizer(
            normalizer.getAddDummyPrefix(),
            normalizer.getRemoveExtraWhitespaces(),
            normalizer.getEscapeWhitespaces()),
        trainer.getByteFallback(),
        text(trainer.getUnkSurfaceBytes()),
        text(trainer.getBosPieceBytes()),
        text(trainer.getEosPieceBytes()));
  }

  private void requireSupported() throws InvalidProtocolBufferException {
    Optional<Integer> unknown =
        unknownValue(trainer.getUnknownFields(), TrainerSpec.MODEL_TYPE_FIELD_NUMBER);
    if (unknown.isPresent() || trainer.getModelType() != TrainerSpec.ModelType.BPE) {
      throw refuse(
          "model type "
              + unknown.map(String::valueOf).orElseGet(() -> lowerCase(trainer.getModelType()))
              + " is not supported, only bpe is; train with model_type=bpe",
          null);
    }
    if (trainer.getTreatWhitespaceAsSuffix()) {
      throw refuse("treat_whitespace_as_suffix is not supported; train without it", null);
    }
    if (!normalizer.getPrecompiledCharsmap().isEmpty()) {
      throw refuse(
          "its normalizer '"
              + OneLine.of(text(normalizer.getNameBytes()))
              + "' has a character map of "
              + normalizer.getPrecompiledCharsmap().size()
              + " bytes, only identity is supported; train with normalization_rule_name=identity",
          null);
    }
    if (!denormalizer.getPrecompiledCharsmap().isEmpty()) {
      throw refuse("its denormalizer is not identity; train without denormalization rules", null);
    }
  }

  /// An enum value that the `.proto` file does not define; protobuf keeps it as an unknown field.
  private static Optional<Integer> unknownValue(UnknownFieldSet fields, int number) {
    List<Long> values = fields.getField(number).getVarintList();
    return values.isEmpty() ? Optional.empty() : Optional.of(values.getLast().intValue());
  }

  private static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String text(ByteString bytes) throws InvalidProtocolBufferException {
    if (!bytes.isValidUtf8()) {
      throw new InvalidProtocolBufferException("a text is not UTF-8");
    }
    return bytes.toStringUtf8();
  }

  private IllegalArgumentException refuse(String fact, Throwable cause) {
    return new IllegalArgumentException(sourceName + ": " + fact, cause);
  }
}
