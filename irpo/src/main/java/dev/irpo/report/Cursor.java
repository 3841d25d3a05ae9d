package dev.irpo.report;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What a page has of a run that is served, as the id of an event, which a browser sends when it
/// connects again:
///
/// ```text
/// 3f0c9a1b-17-100-40     instance, version, lines of metrics of each training
/// ```
///
/// @param instance which reading of which run the others are of
/// @param version of the newest change that the page has
/// @param lines of metrics that it has, of each training
record Cursor(String instance, long version, List<Integer> lines) {
  /// Of a page that has nothing.
  static final Cursor NOTHING = new Cursor("", 0, List.of());

  private static final Pattern TEXT =
      Pattern.compile("[0-9a-f]{1,16}-[0-9]{1,18}(-[0-9]{1,9}){0,999}");

  /// Reads a text; none where it is something else.
  static Optional<Cursor> of(String text) {
    if (!TEXT.matcher(text).matches()) {
      return Optional.empty();
    }
    List<String> parts = Arrays.asList(text.split("-", -1));
    return Optional.of(
        new Cursor(
            parts.getFirst(),
            Long.parseLong(parts.get(1)),
            parts.stream().skip(2).map(Integer::valueOf).toList()));
  }

  @Override
  public String toString() {
    return instance
        + "-"
        + version
        + lines.stream().map(count -> "-" + count).collect(Collectors.joining());
  }
}
