package dev.irpo.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.GZIPOutputStream;

/// Data of a page: base64 of compressed JSON. It holds nothing that ends a script or a line, so no
/// text of a model reaches the HTML.
///
/// @param name by which the page's scripts find it
record Block(String name, String base64) {
  /// Writes values as JSON.
  static final ObjectMapper MAPPER =
      JsonMapper.builder().disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET).build();

  static Block of(String name, Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(Base64.getEncoder().wrap(bytes), 1 << 16)) {
      MAPPER.writeValue(gzip, value);
    }
    return new Block(name, bytes.toString(StandardCharsets.ISO_8859_1));
  }

  /// Writes it as an element of the page.
  void writeTo(OutputStream out) throws IOException {
    String element =
        "<script type=\"application/gzip\" data-name=\"%s\">%s</script>\n".formatted(name, base64);
    out.write(element.getBytes(StandardCharsets.ISO_8859_1));
  }
}
