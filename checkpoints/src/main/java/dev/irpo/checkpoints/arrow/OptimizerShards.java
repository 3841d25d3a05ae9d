package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/// AdamW's two moments of every parameter, stored as ranges of the flattened vector, and the
/// parameters that it updates where the model has rounded ones.
///
/// ```text
/// optimizer-00001-of-00002.arrow   columns expAvg, expAvgSq (Float32), and master (Float32) in a
///                                  training whose parameters are rounded; schema metadata
///                                  irpo.begin, irpo.end (elements) of one range, or
///                                  irpo.ranges "0-16 64-96" of several, end to end in the columns;
///                                  irpo.total (elements), irpo.layout (checksum)
/// ```
///
/// The number of shards on disk need not be the number of processes that read them: any range can
/// be read from whatever files there are, as long as together they cover the vector exactly once.
public final class OptimizerShards implements AutoCloseable {
  private static final Pattern FILE_NAME = Pattern.compile("optimizer-\\d{5}-of-\\d{5}\\.arrow");
  private static final long BATCH_ELEMENTS = 1L << 29;
  private static final List<String> MOMENTS = List.of("expAvg", "expAvgSq");
  private static final List<String> WITH_MASTERS = List.of("expAvg", "expAvgSq", "master");

  private final List<Shard> shards;
  private final ShardLayout layout;
  private final Arena arena;

  /// A range of elements, which begins at a row of a file.
  private record Shard(long begin, long end, long firstRow, IpcFile file) {}

  /// Memory for the state of some elements that follow each other.
  ///
  /// @param begin first element in the flattened vector
  /// @param expAvg float32, for instance of one parameter
  /// @param expAvgSq the same elements of the second moment
  /// @param master the same elements of the parameters in single precision, if there are rounded
  ///   ones
  public record Piece(
      long begin, MemorySegment expAvg, MemorySegment expAvgSq, Optional<MemorySegment> master) {
    /// Checks that all have equally many whole elements.
    public Piece {
      long bytes = expAvg.byteSize();
      long masterBytes = master.map(MemorySegment::byteSize).orElse(bytes);
      if (bytes != expAvgSq.byteSize() || bytes != masterBytes || bytes % Float.BYTES != 0) {
        throw new IllegalArgumentException(
            "expAvg has %d bytes, expAvgSq %d%s; all need the same whole number of float32"
                .formatted(
                    bytes,
                    expAvgSq.byteSize(),
                    master.isPresent() ? ", master " + masterBytes : ""));
      }
    }

    /// The two moments of some elements.
    public Piece(long begin, MemorySegment expAvg, MemorySegment expAvgSq) {
      this(begin, expAvg, expAvgSq, Optional.empty());
    }

    private List<MemorySegment> columns() {
      List<MemorySegment> columns = new ArrayList<>(List.of(expAvg, expAvgSq));
      master.ifPresent(columns::add);
      return columns;
    }

    /// What is in it.
    public Stored stored() {
      return new Stored(begin, columns().stream().map(TensorContent::of).toList());
    }

    long end() {
      return begin + expAvg.byteSize() / Float.BYTES;
    }
  }

  /// The state of some elements that follow each other, to be written.
  ///
  /// @param begin first element in the flattened vector
  /// @param columns expAvg, expAvgSq, and perhaps master, equally many float32
  public record Stored(long begin, List<TensorContent> columns) {
    /// Checks that all have equally many whole elements.
    public Stored {
      columns = List.copyOf(columns);
      long bytes = columns.getFirst().byteSize();
      boolean areAlike = columns.stream().allMatch(column -> column.byteSize() == bytes);
      if (!areAlike || bytes % Float.BYTES != 0) {
        throw new IllegalArgumentException(
            "columns of %s bytes; all need the same whole number of float32"
                .formatted(columns.stream().map(TensorContent::byteSize).toList()));
      }
    }

    long end() {
      return begin + columns.getFirst().byteSize() / Float.BYTES;
    }
  }

  /// The state that one process holds.
  ///
  /// @param number from 1 to `count`
  /// @param pieces in ascending order of their elements
  public record Part(int number, int count, List<Stored> pieces) {
    /// Checks the number and the order.
    public Part {
      pieces = List.copyOf(pieces);
      long end = 0;
      for (Stored piece : pieces) {
        if (piece.begin() < end) {
          throw new IllegalArgumentException(
              "a piece begins at element %d, the one before it ends at %d"
                  .formatted(piece.begin(), end));
        }
        if (piece.columns().size() != pieces.getFirst().columns().size()) {
          throw new IllegalArgumentException("some pieces have masters, others have none");
        }
        end = piece.end();
      }
      if (number < 1 || number > count) {
        throw new IllegalArgumentException(
            "shard %d of %d does not exist".formatted(number, count));
      }
    }

    /// As few ranges as hold all pieces.
    private List<ElementRange> ranges() {
      List<ElementRange> ranges = new ArrayList<>();
      for (Stored piece : pieces) {
        boolean follows = !ranges.isEmpty() && ranges.getLast().end() == piece.begin();
        long begin = follows ? ranges.removeLast().begin() : piece.begin();
        ranges.add(new ElementRange(begin, piece.end()));
      }
      return ranges.isEmpty() ? List.of(new ElementRange(0, 0)) : ranges;
    }

    private List<String> columns() {
      int columns = pieces.isEmpty() ? MOMENTS.size() : pieces.getFirst().columns().size();
      return columns == WITH_MASTERS.size() ? WITH_MASTERS : MOMENTS;
    }

    private long numElements() {
      return pieces.stream().mapToLong(piece -> piece.end() - piece.begin()).sum();
    }
  }

  private OptimizerShards(List<Shard> shards, ShardLayout layout, Arena arena) {
    this.shards = shards;
    this.layout = layout;
    this.arena = arena;
  }

  /// Writes one shard into a folder, whole or not at all.
  ///
  /// @return what was written, for [Manifest#write]
  /// @throws IllegalArgumentException if the part does not lie within the layout
  public static SortedMap<String, Manifest.Entry> write(Path folder, ShardLayout layout, Part part)
      throws IOException {
    List<ElementRange> ranges = part.ranges();
    if (ranges.getLast().end() > layout.total()) {
      throw new IllegalArgumentException(
          "a shard of elements %d to %d does not fit the %d of the layout"
              .formatted(ranges.getFirst().begin(), ranges.getLast().end(), layout.total()));
    }
    Map<String, String> metadata = ElementRange.metadata(ranges);
    metadata.put("irpo.total", Long.toString(layout.total()));
    metadata.put("irpo.layout", layout.checksum());
    String name = "optimizer-%05d-of-%05d.arrow".formatted(part.number(), part.count());
    SortedMap<String, Manifest.Entry> written = new TreeMap<>();
    AtomicFiles.writeFile(
        folder.resolve(name),
        temporary -> {
          try (HashedFile file = new HashedFile(temporary, _ -> {})) {
            IpcFileWriter writer = new IpcFileWriter(file, schema(part.columns(), metadata));
            long elements = part.numElements();
            for (long begin = 0; begin < elements; begin += BATCH_ELEMENTS) {
              long count = Math.min(BATCH_ELEMENTS, elements - begin);
              writer.writeBatch(count, columns(part, begin, count));
            }
            writer.finish();
            written.put(name, file.finish());
          }
        });
    return written;
  }

  private static List<IpcFileWriter.ColumnData> columns(Part part, long begin, long count) {
    return IntStream.range(0, part.columns().size())
        .<IpcFileWriter.ColumnData>mapToObj(column -> {
          List<TensorContent> pieces =
              part.pieces().stream().map(piece -> piece.columns().get(column)).toList();
          return new StoredPieces(pieces, begin, count);
        })
        .toList();
  }

  /// Opens all shards of a folder, memory-mapped.
  ///
  /// @throws IllegalArgumentException if they leave a gap, overlap or belong to another layout
  /// @throws IOException if there is none
  public static OptimizerShards open(Path folder, ShardLayout layout) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files =
          entries
              .filter(path -> FILE_NAME.matcher(path.getFileName().toString()).matches())
              .sorted()
              .toList();
    }
    if (files.isEmpty()) {
      throw new NoSuchFileException(
          folder + ": holds no optimizer-*.arrow; use a checkpoint that holds the optimizer state");
    }
    @SuppressWarnings("MustBeClosed") // closed by close(), and below when opening fails
    Arena arena = Arena.ofShared();
    try {
      List<Shard> shards = new ArrayList<>();
      for (Path file : files) {
        shards.addAll(shards(IpcFile.map(file, arena), layout));
      }
      shards.sort(Comparator.comparingLong(Shard::begin).thenComparingLong(Shard::end));
      requireWhole(folder, shards, layout.total());
      return new OptimizerShards(shards, layout, arena);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// Copies the two moments of elements `begin` and following, as many as the outputs hold.
  ///
  /// @param expAvg written; float32
  /// @param expAvgSq written; float32, as many elements
  /// @throws IllegalArgumentException as [#read(Piece)]
  public void read(long begin, MemorySegment expAvg, MemorySegment expAvgSq) {
    read(new Piece(begin, expAvg, expAvgSq));
  }

  /// Copies the state of a piece's elements into it.
  ///
  /// @throws IllegalArgumentException if there are no such elements, or if there are masters and
  ///   the piece takes none, or the other way round
  public void read(Piece wanted) {
    if (wanted.begin() < 0 || wanted.end() > layout.total()) {
      throw new IllegalArgumentException(
          "elements %d to %d are not within the %d of the layout"
              .formatted(wanted.begin(), wanted.end(), layout.total()));
    }
    for (int i = holding(wanted.begin()); i < shards.size(); i++) {
      Shard shard = shards.get(i);
      if (shard.begin() >= wanted.end()) {
        break;
      }
      long batchBegin = shard.begin() - shard.firstRow(); // element of the batch's first row
      requireMasters(shard, wanted.master().isPresent());
      for (IpcFile.Batch batch : shard.file().batches()) {
        long from = Math.max(Math.max(wanted.begin(), shard.begin()), batchBegin);
        long to = Math.min(Math.min(wanted.end(), shard.end()), batchBegin + batch.rows());
        long bytes = (to - from) * Float.BYTES;
        if (bytes > 0) {
          long source = (from - batchBegin) * Float.BYTES;
          long target = (from - wanted.begin()) * Float.BYTES;
          List<MemorySegment> columns = wanted.columns();
          for (int column = 0; column < columns.size(); column++) {
            MemorySegment.copy(
                batch.columns().get(column), source, columns.get(column), target, bytes);
          }
        }
        batchBegin += batch.rows();
      }
    }
  }

  /// The first shard that ends after an element.
  private int holding(long element) {
    int low = 0;
    int high = shards.size();
    while (low < high) {
      int middle = (low + high) / 2;
      if (shards.get(middle).end() <= element) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static void requireMasters(Shard shard, boolean areWanted) {
    boolean areThere = shard.file().schema().getFields().size() == WITH_MASTERS.size();
    if (areThere != areWanted && shard.end() > shard.begin()) {
      throw new IllegalArgumentException(
          "%s: %s; resume with the train.parameterType that the training began with"
              .formatted(
                  shard.file().path(),
                  areThere
                      ? "has a column 'master', of a training whose parameters are rounded to 16 bits"
                      : "has no column 'master', which parameters that are rounded to 16 bits need"));
    }
  }

  /// Unmaps the files.
  @Override
  public void close() {
    arena.close();
  }

  private static Schema schema(List<String> columns, Map<String, String> metadata) {
    return new Schema(fields(columns), metadata);
  }

  private static List<Field> fields(List<String> columns) {
    return columns.stream().map(name -> ArrowTypes.field(name, DType.F32)).toList();
  }

  private static List<Shard> shards(IpcFile file, ShardLayout layout) {
    if (!file.metadata("irpo.layout").equals(layout.checksum())) {
      throw new IllegalArgumentException(
          "%s: belongs to %s parameters of other names or shapes, the model has %d; use its model"
              .formatted(file.path(), file.metadata("irpo.total"), layout.total()));
    }
    List<Field> found = file.schema().getFields();
    if (!found.equals(fields(MOMENTS)) && !found.equals(fields(WITH_MASTERS))) {
      throw IpcFile.damaged(file.path(), "its columns are " + found);
    }
    List<Shard> shards = new ArrayList<>();
    long row = 0;
    for (ElementRange range : ElementRange.of(file)) {
      shards.add(new Shard(range.begin(), range.end(), row, file));
      row += range.end() - range.begin();
    }
    long rows = file.batches().stream().mapToLong(IpcFile.Batch::rows).sum();
    if (rows != row) {
      throw IpcFile.damaged(
          file.path(), "says elements %s, has %d".formatted(ElementRange.of(file), rows));
    }
    return shards;
  }

  private static void requireWhole(Path folder, List<Shard> shards, long total) {
    long expected = 0;
    for (Shard shard : shards) {
      if (shard.begin() != expected) {
        throw new IllegalArgumentException(
            "%s: begins at element %d where element %d is expected; keep the shards of one checkpoint"
                .formatted(shard.file().path(), shard.begin(), expected));
      }
      expected = shard.end();
    }
    if (expected != total) {
      throw new IllegalArgumentException(
          "%s: its optimizer shards end at element %d of %d; copy the missing shards"
              .formatted(folder, expected, total));
    }
  }
}
