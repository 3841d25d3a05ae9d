package dev.irpo.model;

import dev.irpo.tokenizer.StreamingDecoder;
import dev.irpo.transformer.decode.StopCondition;
import java.util.List;

/// Ends a response as soon as one of some texts appears in it.
public final class StopTexts implements StopCondition {
  private final StreamingDecoder decoder;
  private final List<String> stops;
  private final int longest;
  private final StringBuilder tail = new StringBuilder();

  /// A condition for one response.
  ///
  /// @param decoder fresh, of the model's tokenizer
  public StopTexts(StreamingDecoder decoder, List<String> stops) {
    this.decoder = decoder;
    this.stops = List.copyOf(stops);
    longest = stops.stream().mapToInt(String::length).max().orElse(0);
    if (stops.contains("")) {
      throw new IllegalArgumentException("--stop is empty; give it a text");
    }
  }

  @Override
  public boolean stops(int[] ids, int length) {
    tail.append(decoder.append(ids[length - 1]));
    boolean found = stops.stream().anyMatch(stop -> tail.indexOf(stop) >= 0);
    tail.delete(0, Math.max(0, tail.length() - longest + 1));
    return found;
  }

  /// The text before the first stop text.
  public static String cut(String text, List<String> stops) {
    int end = text.length();
    for (String stop : stops) {
      int at = text.indexOf(stop);
      end = at < 0 ? end : Math.min(end, at);
    }
    return text.substring(0, end);
  }
}
