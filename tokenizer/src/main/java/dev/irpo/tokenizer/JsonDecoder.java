package dev.irpo.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// Decodes ids of a `tokenizer.json`.
///
/// Equal to Hugging Face's decoders except for a run of `<0x..>` tokens with an invalid byte: they
/// drop the whole run, this one decodes its valid characters, as SentencePiece does.
final class JsonDecoder implements StreamingDecoder {
  private static final int MAX_PENDING = 4;

  private final JsonTokenizer tokenizer;
  private final StringBuilder ready = new StringBuilder();
  private final Utf8Assembler bytes = new Utf8Assembler(ready);
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPLACE);
  private ByteBuffer pending = ByteBuffer.allocate(0);
  private boolean atFirstToken = true;
  private int numStripped;
  private boolean anyText;

  JsonDecoder(JsonTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  @Override
  public String append(int id) {
    String token = tokenizer.spelling(id);
    if (tokenizer.isSpecial(id)) {
      return "";
    }
    switch (tokenizer.decoding()) {
      case TokenDecoding.Bytes _ -> decode(ByteAlphabet.bytes(token), false);
      case TokenDecoding.Text text -> {
        int value = text.byteFallback() ? JsonTokenizer.byteValue(token) : -1;
        if (value >= 0) {
          bytes.append(value);
        } else {
          bytes.finish();
          for (Rewrite.Replace replace : text.replaces()) {
            token = replace.apply(token);
          }
          ready.append(token);
        }
      }
      case TokenDecoding.Metaspace meta -> {
        String space = String.valueOf(meta.space());
        ready.append(token.replace(space, atFirstToken && meta.dropsFirst() ? "" : " "));
      }
    }
    atFirstToken = false;
    return takeReady();
  }

  @Override
  public String finish() {
    bytes.finish();
    decode(new byte[0], true);
    String rest = takeReady();
    atFirstToken = true;
    numStripped = 0;
    anyText = false;
    return rest;
  }

  private void decode(byte[] more, boolean atEnd) {
    ByteBuffer in = ByteBuffer.allocate(pending.remaining() + more.length).put(pending).put(more);
    CharBuffer out = CharBuffer.allocate(in.capacity() + MAX_PENDING);
    utf8.decode(in.flip(), out, atEnd);
    if (atEnd) {
      utf8.flush(out);
      utf8.reset();
    }
    pending = in;
    ready.append(out.flip());
  }

  private String takeReady() {
    String text = ready.toString();
    ready.setLength(0);
    if (tokenizer.decoding() instanceof TokenDecoding.Text rules && !anyText) {
      while (numStripped < rules.stripCount() && text.startsWith(rules.strip())) {
        text = text.substring(rules.strip().length());
        numStripped++;
      }
    }
    anyText |= !text.isEmpty();
    return text;
  }
}
