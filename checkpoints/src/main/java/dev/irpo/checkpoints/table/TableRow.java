package dev.irpo.checkpoints.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.JsonFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.pojo.Field;

/// One row of a table; what the getters return stays valid, the row itself does not.
///
/// Every getter throws [IllegalArgumentException] if the table has no column of that name and type,
/// or, except [#nullableUtf8], if the value is null; [DamagedException] if it does not lie in the
/// table.
public final class TableRow {
  private final Path path;
  private final VectorSchemaRoot root;
  private final int index;

  TableRow(Path path, VectorSchemaRoot root, int index) {
    this.path = path;
    this.root = root;
    this.index = index;
  }

  /// Text.
  public String utf8(String name) {
    return notNull(name, VarCharVector.class, this::text);
  }

  /// Text, or empty where it is null.
  public Optional<String> nullableUtf8(String name) {
    return read(
        name,
        VarCharVector.class,
        vector -> vector.isNull(index) ? Optional.empty() : Optional.of(text(vector)));
  }

  /// A 32-bit integer.
  public int int32(String name) {
    return notNull(name, IntVector.class, vector -> vector.get(index));
  }

  /// A 64-bit integer.
  public long int64(String name) {
    return notNull(name, BigIntVector.class, vector -> vector.get(index));
  }

  /// A 32-bit floating point number.
  public float float32(String name) {
    return notNull(name, Float4Vector.class, vector -> vector.get(index));
  }

  /// A 32-bit floating point number, or a 32-bit integer as one, for a column that older files have
  /// with integers.
  public float float32OrInt32(String name) {
    return root.getVector(name) instanceof IntVector ? int32(name) : float32(name);
  }

  /// A 64-bit floating point number.
  public double float64(String name) {
    return notNull(name, Float8Vector.class, vector -> vector.get(index));
  }

  /// True or false.
  public boolean bool(String name) {
    return notNull(name, BitVector.class, vector -> vector.get(index) != 0);
  }

  /// A list of 32-bit integers.
  public int[] int32List(String name) {
    return notNull(
        name,
        ListVector.class,
        list -> {
          IntVector items = cast(name, list.getDataVector(), IntVector.class);
          int start = list.getElementStartIndex(index);
          int[] values = new int[length(list)];
          for (int i = 0; i < values.length; i++) {
            values[i] = items.get(start + i);
          }
          return values;
        });
  }

  /// A list of 32-bit floating point numbers.
  public float[] float32List(String name) {
    return notNull(
        name,
        ListVector.class,
        list -> {
          Float4Vector items = cast(name, list.getDataVector(), Float4Vector.class);
          int start = list.getElementStartIndex(index);
          float[] values = new float[length(list)];
          for (int i = 0; i < values.length; i++) {
            values[i] = items.get(start + i);
          }
          return values;
        });
  }

  /// The row as an object, like a line of JSON Lines, without columns that are neither texts,
  /// numbers, truth values nor lists and structures of them.
  public ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    for (FieldVector vector : root.getFieldVectors()) {
      JsonCells.of(vector)
          .ifPresent(cells -> json.set(vector.getName(), damageNamed(vector.getName(), cells)));
    }
    return json;
  }

  private JsonNode damageNamed(String name, JsonCells cells) {
    return read(name, FieldVector.class, vector -> cells.at(index));
  }

  private String text(VarCharVector vector) {
    return JsonCells.text(vector, index);
  }

  private int length(ListVector list) {
    int length = list.getElementEndIndex(index) - list.getElementStartIndex(index);
    JsonCells.requireWithin(
        (long) length * Integer.BYTES, list.getDataVector().getDataBuffer().capacity());
    return length;
  }

  private <V extends FieldVector, T> T notNull(String name, Class<V> type, Function<V, T> value) {
    return read(
        name,
        type,
        vector -> {
          if (vector.isNull(index)) {
            throw refused(name, "is null in row %d of a batch".formatted(index), null);
          }
          return value.apply(vector);
        });
  }

  private <V extends FieldVector, T> T read(String name, Class<V> type, Function<V, T> value) {
    FieldVector vector = root.getVector(name);
    if (vector == null) {
      List<String> names = root.getSchema().getFields().stream().map(Field::getName).toList();
      throw new IllegalArgumentException(
          JsonFiles.oneLine(
              "%s: has no column '%s'; its columns are %s".formatted(path, name, names)));
    }
    V typed = cast(name, vector, type);
    try {
      return value.apply(typed);
    } catch (IndexOutOfBoundsException | IllegalStateException | NegativeArraySizeException e) {
      throw new DamagedException(
          path,
          "%s: column '%s' is damaged (%s)"
              .formatted(path, name, JsonFiles.firstLine(e.getMessage())),
          "copy the file again, or name one with that column",
          e);
    }
  }

  private <V extends FieldVector> V cast(String name, FieldVector vector, Class<V> type) {
    if (!type.isInstance(vector)) {
      String expected = type.getSimpleName().replace("Vector", "");
      throw refused(
          name, "holds %s where %s is expected".formatted(vector.getMinorType(), expected), null);
    }
    return type.cast(vector);
  }

  private IllegalArgumentException refused(String name, String fact, RuntimeException cause) {
    return new IllegalArgumentException(
        JsonFiles.oneLine(
            "%s: column '%s' %s; copy the file again, or name one with that column"
                .formatted(path, name, fact)),
        cause);
  }
}
