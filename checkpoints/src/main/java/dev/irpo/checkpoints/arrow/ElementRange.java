package dev.irpo.checkpoints.arrow;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Elements of a flattened vector that follow each other, as the schema metadata of a shard names
/// those that it has.
record ElementRange(long begin, long end) {
  private static final String BEGIN = "irpo.begin";
  private static final String END = "irpo.end";
  private static final String RANGES = "irpo.ranges";

  @Override
  public String toString() {
    return begin + "-" + end;
  }

  /// The metadata that names some.
  static Map<String, String> metadata(List<ElementRange> ranges) {
    Map<String, String> metadata = new TreeMap<>();
    if (ranges.size() == 1) {
      metadata.put(BEGIN, Long.toString(ranges.getFirst().begin()));
      metadata.put(END, Long.toString(ranges.getFirst().end()));
    } else {
      metadata.put(
          RANGES, ranges.stream().map(ElementRange::toString).collect(Collectors.joining(" ")));
    }
    return metadata;
  }

  /// Those that a file names.
  static List<ElementRange> of(IpcFile file) {
    Map<String, String> metadata = file.schema().getCustomMetadata();
    try {
      if (!metadata.containsKey(RANGES)) {
        return List.of(range(file.metadata(BEGIN), file.metadata(END)));
      }
      List<ElementRange> ranges = new ArrayList<>();
      for (String range : metadata.get(RANGES).split(" ", -1)) {
        int dash = range.indexOf('-');
        ranges.add(range(range.substring(0, Math.max(0, dash)), range.substring(dash + 1)));
      }
      return ranges;
    } catch (NumberFormatException e) {
      throw IpcFile.damaged(file.path(), "its range is not a number", e);
    }
  }

  private static ElementRange range(String begin, String end) {
    ElementRange range = new ElementRange(Long.parseLong(begin), Long.parseLong(end));
    if (range.begin() < 0 || range.end() < range.begin()) {
      throw new NumberFormatException("elements " + range);
    }
    return range;
  }
}
