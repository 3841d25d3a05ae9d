package dev.irpo.checkpoints.table;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/// The columns of a table, and how each is taken from a row object.
///
/// ```java
/// TableSchema<Rollout> ROLLOUTS = new TableSchema<Rollout>()
///     .utf8("prompt", Rollout::prompt)
///     .int32List("responseIds", Rollout::responseIds)
///     .float64("logProb", Rollout::logProb)
///     .nullableUtf8("answer", rollout -> rollout.answer().orElse(null));
/// ```
///
/// Instances are immutable: each method gives a schema with one more column.
///
/// @param <R> the row objects
public final class TableSchema<R> {
  private static final ArrowType INT32 = new ArrowType.Int(32, true);
  private static final ArrowType FLOAT32 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  private final List<Column<R>> columns;

  /// Writes the cell of one row.
  @FunctionalInterface
  interface CellWriter<R> {
    void write(FieldVector vector, int index, R row);
  }

  /// A `float`-valued function, which the JDK lacks.
  @FunctionalInterface
  public interface ToFloatFunction<R> {
    /// The value of the row.
    float applyAsFloat(R row);
  }

  record Column<R>(Field field, CellWriter<R> writer) {}

  /// A schema without columns.
  public TableSchema() {
    this(List.of());
  }

  private TableSchema(List<Column<R>> columns) {
    this.columns = columns;
  }

  /// Text; null is refused when the row is written.
  public TableSchema<R> utf8(String name, Function<? super R, String> value) {
    return with(
        field(name, new ArrowType.Utf8()),
        (vector, index, row) -> {
          String text = value.apply(row);
          Objects.requireNonNull(text, () -> "column '" + name + "' is null in row " + row);
          ((VarCharVector) vector).setSafe(index, text.getBytes(StandardCharsets.UTF_8));
        });
  }

  /// Text or null.
  public TableSchema<R> nullableUtf8(String name, Function<? super R, String> value) {
    return with(
        new Field(name, FieldType.nullable(new ArrowType.Utf8()), List.of()),
        (vector, index, row) -> {
          String text = value.apply(row);
          if (text != null) {
            ((VarCharVector) vector).setSafe(index, text.getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  /// 32-bit integers.
  public TableSchema<R> int32(String name, ToIntFunction<? super R> value) {
    return with(
        field(name, INT32),
        (vector, index, row) -> ((IntVector) vector).setSafe(index, value.applyAsInt(row)));
  }

  /// 64-bit integers.
  public TableSchema<R> int64(String name, ToLongFunction<? super R> value) {
    return with(
        field(name, new ArrowType.Int(64, true)),
        (vector, index, row) -> ((BigIntVector) vector).setSafe(index, value.applyAsLong(row)));
  }

  /// 32-bit floating point, to the bit.
  public TableSchema<R> float32(String name, ToFloatFunction<? super R> value) {
    return with(
        field(name, FLOAT32),
        (vector, index, row) -> ((Float4Vector) vector).setSafe(index, value.applyAsFloat(row)));
  }

  /// 64-bit floating point, to the bit.
  public TableSchema<R> float64(String name, ToDoubleFunction<? super R> value) {
    return with(
        field(name, new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)),
        (vector, index, row) -> ((Float8Vector) vector).setSafe(index, value.applyAsDouble(row)));
  }

  /// True or false.
  public TableSchema<R> bool(String name, Predicate<? super R> value) {
    return with(
        field(name, new ArrowType.Bool()),
        (vector, index, row) -> ((BitVector) vector).setSafe(index, value.test(row) ? 1 : 0));
  }

  /// Lists of 32-bit integers of any length, such as token ids.
  public TableSchema<R> int32List(String name, Function<? super R, int[]> value) {
    return with(
        listField(name, INT32),
        (vector, index, row) -> {
          int[] items = value.apply(row);
          ListVector list = (ListVector) vector;
          IntVector data = (IntVector) list.getDataVector();
          int start = list.startNewValue(index);
          for (int i = 0; i < items.length; i++) {
            data.setSafe(start + i, items[i]);
          }
          list.endValue(index, items.length);
        });
  }

  /// Lists of 32-bit floating point of any length, such as the log-probabilities of tokens.
  public TableSchema<R> float32List(String name, Function<? super R, float[]> value) {
    return with(
        listField(name, FLOAT32),
        (vector, index, row) -> {
          float[] items = value.apply(row);
          ListVector list = (ListVector) vector;
          Float4Vector data = (Float4Vector) list.getDataVector();
          int start = list.startNewValue(index);
          for (int i = 0; i < items.length; i++) {
            data.setSafe(start + i, items[i]);
          }
          list.endValue(index, items.length);
        });
  }

  List<Column<R>> columns() {
    return columns;
  }

  Schema arrowSchema() {
    return new Schema(columns.stream().map(Column::field).toList());
  }

  private static Field field(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), List.of());
  }

  private static Field listField(String name, ArrowType itemType) {
    return new Field(
        name,
        FieldType.notNullable(new ArrowType.List()),
        List.of(field(ListVector.DATA_VECTOR_NAME, itemType)));
  }

  private TableSchema<R> with(Field field, CellWriter<R> writer) {
    if (columns.stream().anyMatch(column -> column.field().getName().equals(field.getName()))) {
      throw new IllegalArgumentException("column '" + field.getName() + "' is there already");
    }
    List<Column<R>> more = new ArrayList<>(columns);
    more.add(new Column<>(field, writer));
    return new TableSchema<>(List.copyOf(more));
  }
}
