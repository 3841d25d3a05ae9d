package dev.irpo.tokenizer;

import static com.google.protobuf.WireFormat.WIRETYPE_FIXED32;
import static com.google.protobuf.WireFormat.WIRETYPE_LENGTH_DELIMITED;
import static com.google.protobuf.WireFormat.WIRETYPE_VARINT;

/// Protobuf tags (field number · 8 + wire type) of `sentencepiece_model.proto`, as far as they are
/// used here, by message.
final class ModelFields {
  private ModelFields() {}

  /// The wire types by the kind of value.
  private static final int MESSAGE = WIRETYPE_LENGTH_DELIMITED;

  private static final int STRING = WIRETYPE_LENGTH_DELIMITED;
  private static final int NUMBER = WIRETYPE_VARINT;
  private static final int FLOAT = WIRETYPE_FIXED32;

  static final int MODEL_PIECE = 1 << 3 | MESSAGE;
  static final int MODEL_TRAINER = 2 << 3 | MESSAGE;
  static final int MODEL_NORMALIZER = 3 << 3 | MESSAGE;
  static final int MODEL_DENORMALIZER = 5 << 3 | MESSAGE;

  static final int PIECE_TEXT = 1 << 3 | STRING;
  static final int PIECE_SCORE = 2 << 3 | FLOAT;
  static final int PIECE_TYPE = 3 << 3 | NUMBER;

  static final int TRAINER_MODEL_TYPE = 3 << 3 | NUMBER;
  static final int TRAINER_VOCAB_SIZE = 4 << 3 | NUMBER;
  static final int TRAINER_CHARACTER_COVERAGE = 10 << 3 | FLOAT;
  static final int TRAINER_MAX_PIECE_LENGTH = 20 << 3 | NUMBER;
  static final int TRAINER_SPLIT_BY_WHITESPACE = 22 << 3 | NUMBER;
  static final int TRAINER_WHITESPACE_AS_SUFFIX = 24 << 3 | NUMBER;
  static final int TRAINER_SPLIT_DIGITS = 25 << 3 | NUMBER;
  static final int TRAINER_USER_DEFINED = 31 << 3 | STRING;
  static final int TRAINER_BYTE_FALLBACK = 35 << 3 | NUMBER;
  static final int TRAINER_PAD_ID = 43 << 3 | NUMBER;
  static final int TRAINER_UNK_SURFACE = 44 << 3 | STRING;
  static final int TRAINER_BOS_PIECE = 46 << 3 | STRING;
  static final int TRAINER_EOS_PIECE = 47 << 3 | STRING;

  static final int NORMALIZER_NAME = 1 << 3 | STRING;
  static final int NORMALIZER_CHARSMAP = 2 << 3 | STRING;
  static final int NORMALIZER_ADD_DUMMY_PREFIX = 3 << 3 | NUMBER;
  static final int NORMALIZER_REMOVE_EXTRA_WHITESPACES = 4 << 3 | NUMBER;
  static final int NORMALIZER_ESCAPE_WHITESPACES = 5 << 3 | NUMBER;
}
