package dev.irpo.tokenizer;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the fields of a `tokenizer.model`; refuses by name what would encode differently here.
final class ModelReader {
  private static final int BPE = 2;
  private static final List<String> MODEL_TYPES = List.of("?", "unigram", "bpe", "word", "char");
  private static final int UNUSED_PIECE = 5;

  /// Llama 2 has 32,000 pieces of at most 16 characters; the work is pieces times length squared.
  private static final int MAX_PIECES = 1 << 19;

  private static final int MAX_PIECE_CHARS = 256;

  private final String sourceName;
  private final List<Piece> pieces = new ArrayList<>();
  private boolean sawTrainer;
  private boolean sawNormalizer;

  // defaults of sentencepiece_model.proto
  private int modelType = 1;
  private boolean byteFallback;
  private String unkSurface = " \u2047 ";
  private String bosPiece = "<s>";
  private String eosPiece = "</s>";
  private boolean addDummyPrefix = true;
  private boolean removeExtraWhitespaces = true;
  private boolean escapeWhitespaces = true;

  private ModelReader(String sourceName) {
    this.sourceName = sourceName;
  }

  /// @throws IllegalArgumentException if the bytes are not a whole BPE model that is supported
  static ModelFile read(byte[] model, String sourceName) {
    var reader = new ModelReader(sourceName);
    try {
      reader.readModel(CodedInputStream.newInstance(model));
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
    return reader.checked(model.length);
  }

  private void readModel(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case ModelFields.MODEL_PIECE -> pieces.add(readPiece(message(in)));
        case ModelFields.MODEL_TRAINER -> readTrainer(message(in));
        case ModelFields.MODEL_NORMALIZER -> readNormalizer(message(in));
        case ModelFields.MODEL_DENORMALIZER -> readDenormalizer(message(in));
        default -> skip(in, tag);
      }
    }
  }

  private Piece readPiece(CodedInputStream in) throws IOException {
    String text = "";
    float score = 0;
    int type = Piece.Kind.NORMAL.number;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case ModelFields.PIECE_TEXT -> text = in.readStringRequireUtf8();
        case ModelFields.PIECE_SCORE -> score = in.readFloat();
        case ModelFields.PIECE_TYPE -> type = in.readEnum();
        default -> skip(in, tag);
      }
    }
    if (pieces.size() == MAX_PIECES || text.length() > MAX_PIECE_CHARS) {
      throw refuse(
          "piece %d has %d characters, at most %d pieces of at most %d are read; copy the file again"
              .formatted(pieces.size(), text.length(), MAX_PIECES, MAX_PIECE_CHARS),
          null);
    }
    if (Float.isNaN(score)) {
      throw refuse("piece " + pieces.size() + " has the score NaN; copy the file again", null);
    }
    return new Piece(text, score, kind(type));
  }

  private Piece.Kind kind(int number) {
    Optional<Piece.Kind> kind = Piece.Kind.of(number);
    if (kind.isPresent()) {
      return kind.get();
    }
    String name = number == UNUSED_PIECE ? "unused" : "unknown to this program: " + number;
    throw refuse(
        "piece "
            + pieces.size()
            + " is of a type that is not supported ("
            + name
            + "); export the model without such pieces",
        null);
  }

  private void readTrainer(CodedInputStream in) throws IOException {
    sawTrainer = true;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case ModelFields.TRAINER_MODEL_TYPE -> modelType = in.readEnum();
        case ModelFields.TRAINER_WHITESPACE_AS_SUFFIX -> {
          if (in.readBool()) {
            throw refuse("treat_whitespace_as_suffix is not supported; train without it", null);
          }
        }
        case ModelFields.TRAINER_BYTE_FALLBACK -> byteFallback = in.readBool();
        case ModelFields.TRAINER_UNK_SURFACE -> unkSurface = in.readStringRequireUtf8();
        case ModelFields.TRAINER_BOS_PIECE -> bosPiece = in.readStringRequireUtf8();
        case ModelFields.TRAINER_EOS_PIECE -> eosPiece = in.readStringRequireUtf8();
        default -> skip(in, tag);
      }
    }
  }

  private void readNormalizer(CodedInputStream in) throws IOException {
    sawNormalizer = true;
    String name = "";
    ByteString charsmap = ByteString.EMPTY;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case ModelFields.NORMALIZER_NAME -> name = in.readStringRequireUtf8();
        case ModelFields.NORMALIZER_CHARSMAP -> charsmap = in.readBytes();
        case ModelFields.NORMALIZER_ADD_DUMMY_PREFIX -> addDummyPrefix = in.readBool();
        case ModelFields.NORMALIZER_REMOVE_EXTRA_WHITESPACES ->
            removeExtraWhitespaces = in.readBool();
        case ModelFields.NORMALIZER_ESCAPE_WHITESPACES -> escapeWhitespaces = in.readBool();
        default -> skip(in, tag);
      }
    }
    if (!charsmap.isEmpty()) {
      throw refuse(
          "its normalizer '"
              + OneLine.of(name)
              + "' has a character map of "
              + charsmap.size()
              + " bytes, only identity is supported; train with normalization_rule_name=identity",
          null);
    }
  }

  private void readDenormalizer(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == ModelFields.NORMALIZER_CHARSMAP && !in.readBytes().isEmpty()) {
        throw refuse("its denormalizer is not identity; train without denormalization rules", null);
      } else if (tag != ModelFields.NORMALIZER_CHARSMAP) {
        skip(in, tag);
      }
    }
  }

  private ModelFile checked(int numBytes) {
    if (pieces.isEmpty() || !sawTrainer || !sawNormalizer) {
      throw refuse(
          "its "
              + numBytes
              + " bytes hold "
              + pieces.size()
              + " pieces and "
              + (sawTrainer ? "no normalizer_spec" : "no trainer_spec")
              + ", so it is cut off or no SentencePiece model; copy or download the file again",
          null);
    }
    if (modelType != BPE) {
      boolean known = modelType > 0 && modelType < MODEL_TYPES.size();
      throw refuse(
          "model type "
              + (known ? MODEL_TYPES.get(modelType) : modelType)
              + " is not supported, only bpe is; train with model_type=bpe",
          null);
    }
    return new ModelFile(
        List.copyOf(pieces),
        new TextNormalizer(addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces),
        byteFallback,
        unkSurface,
        bosPiece,
        eosPiece);
  }

  private static CodedInputStream message(CodedInputStream in) throws IOException {
    return in.readBytes().newCodedInput();
  }

  private static void skip(CodedInputStream in, int tag) throws IOException {
    if (!in.skipField(tag)) {
      throw new InvalidProtocolBufferException("a group ends that never began");
    }
  }

  private IllegalArgumentException refuse(String fact, Throwable cause) {
    return new IllegalArgumentException(sourceName + ": " + fact, cause);
  }
}
