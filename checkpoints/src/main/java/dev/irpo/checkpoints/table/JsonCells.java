package dev.irpo.checkpoints.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;

/// The values of a column as JSON.
///
/// @param vector whose values they are
/// @param value that is not null, by index
record JsonCells(ValueVector vector, Value value) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /// Gives one value.
  @FunctionalInterface
  interface Value {
    JsonNode at(int index);
  }

  /// The cells of a column, none where its type has no place in JSON.
  static Optional<JsonCells> of(ValueVector vector) {
    Optional<Value> value =
        switch (vector) {
          case VarCharVector texts -> Optional.of(i -> JSON.textNode(text(texts, i)));
          case LargeVarCharVector texts -> Optional.of(i -> JSON.textNode(text(texts, i)));
          case IntVector numbers -> Optional.of(i -> JSON.numberNode(numbers.get(i)));
          case BigIntVector numbers -> Optional.of(i -> JSON.numberNode(numbers.get(i)));
          case SmallIntVector numbers -> Optional.of(i -> JSON.numberNode(numbers.get(i)));
          case TinyIntVector numbers -> Optional.of(i -> JSON.numberNode(numbers.get(i)));
          case Float4Vector numbers -> Optional.of(i -> JSON.numberNode(numbers.get(i)));
          case Float8Vector numbers -> Optional.of(i -> JSON.numberNode(numbers.get(i)));
          case BitVector flags -> Optional.of(i -> JSON.booleanNode(flags.get(i) != 0));
          case ListVector lists -> ofLists(lists);
          case StructVector structures -> ofStructures(structures);
          default -> Optional.empty();
        };
    return value.map(known -> new JsonCells(vector, known));
  }

  JsonNode at(int index) {
    if (index >= vector.getValueCount()) {
      throw new IndexOutOfBoundsException(
          "value %d of %d".formatted(index, vector.getValueCount()));
    }
    return vector.isNull(index) ? JSON.nullNode() : value.at(index);
  }

  private static Optional<Value> ofLists(ListVector lists) {
    return of(lists.getDataVector())
        .map(items ->
            index -> {
              int start = lists.getElementStartIndex(index);
              int end = lists.getElementEndIndex(index);
              requireWithin(end - (long) start, lists.getDataVector().getValueCount());
              ArrayNode array = JSON.arrayNode();
              for (int i = start; i < end; i++) {
                array.add(items.at(i));
              }
              return array;
            });
  }

  private static Optional<Value> ofStructures(StructVector structures) {
    Map<String, JsonCells> cells = new LinkedHashMap<>();
    for (FieldVector child : structures.getChildrenFromFields()) {
      of(child).ifPresent(known -> cells.put(child.getName(), known));
    }
    return Optional.of(index -> {
      ObjectNode object = JSON.objectNode();
      cells.forEach((name, known) -> object.set(name, known.at(index)));
      return object;
    });
  }

  static String text(VarCharVector vector, int index) {
    requireWithin(vector.getValueLength(index), vector.getDataBuffer().capacity());
    return new String(vector.get(index), StandardCharsets.UTF_8);
  }

  private static String text(LargeVarCharVector vector, int index) {
    long at = (long) index * LargeVarCharVector.OFFSET_WIDTH;
    long bytes =
        vector.getOffsetBuffer().getLong(at + LargeVarCharVector.OFFSET_WIDTH)
            - vector.getOffsetBuffer().getLong(at);
    requireWithin(bytes, Math.min(vector.getDataBuffer().capacity(), Integer.MAX_VALUE));
    return new String(vector.get(index), StandardCharsets.UTF_8);
  }

  /// Checked before anything of that length is allocated.
  static void requireWithin(long length, long available) {
    if (length < 0 || length > available) {
      throw new IndexOutOfBoundsException(
          "a value of length %d where %d are there".formatted(length, available));
    }
  }
}
