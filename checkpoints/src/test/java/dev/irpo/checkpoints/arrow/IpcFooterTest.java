package dev.irpo.checkpoints.arrow;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.flatbuffers.FlatBufferBuilder;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.junit.jupiter.api.Test;

/// Footers whose parts are named several times, and record batches that share bytes.
class IpcFooterTest {
  private static final String LONG = "x".repeat(2000);
  private static final String TOO_MUCH = "its schema says more than the ";

  private final FlatBufferBuilder builder = new FlatBufferBuilder();

  /// A file of nothing but a footer.
  private IpcFooter read(int schema, ArrowBlock... blocks) {
    Footer.startRecordBatchesVector(builder, blocks.length);
    for (ArrowBlock block : Arrays.asList(blocks).reversed()) {
      Block.createBlock(
          builder, block.getOffset(), block.getMetadataLength(), block.getBodyLength());
    }
    int batches = builder.endVector();
    Footer.startFooter(builder);
    if (schema != 0) {
      Footer.addSchema(builder, schema);
    }
    Footer.addRecordBatches(builder, batches);
    builder.finish(Footer.endFooter(builder));
    return IpcFooter.read(file(builder.sizedByteArray(), builder.sizedByteArray().length));
  }

  private static MemorySegment file(byte[] footer, int length) {
    byte[] magic = IpcFileWriter.MAGIC.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer file =
        ByteBuffer.allocate(footer.length + Integer.BYTES + magic.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    return MemorySegment.ofArray(file.put(footer).putInt(length).put(magic).array());
  }

  private int schema(int[] fields, int[] metadata) {
    int fieldVector = Schema.createFieldsVector(builder, fields);
    int metadataVector = Schema.createCustomMetadataVector(builder, metadata);
    Schema.startSchema(builder);
    Schema.addFields(builder, fieldVector);
    Schema.addCustomMetadata(builder, metadataVector);
    return Schema.endSchema(builder);
  }

  private int field(int name, int[] children, int[] metadata) {
    int childVector = Field.createChildrenVector(builder, children);
    int metadataVector = Field.createCustomMetadataVector(builder, metadata);
    Field.startField(builder);
    if (name != 0) {
      Field.addName(builder, name);
    }
    Field.addChildren(builder, childVector);
    Field.addCustomMetadata(builder, metadataVector);
    return Field.endField(builder);
  }

  private int field(int name) {
    return field(name, new int[0], new int[0]);
  }

  private static int[] repeated(int part, int times) {
    int[] parts = new int[times];
    Arrays.fill(parts, part);
    return parts;
  }

  /// A schema that names a part so many times is refused, one that names it once is read.
  private static void assertCounted(int times, Naming naming) {
    assertEquals(0, read(naming, 1).blocks().size());
    assertRefused(() -> read(naming, times), TOO_MUCH);
  }

  private static IpcFooter read(Naming naming, int times) {
    IpcFooterTest fresh = new IpcFooterTest();
    return fresh.read(naming.schema(fresh, times));
  }

  /// Makes a schema that names a part several times.
  private interface Naming {
    int schema(IpcFooterTest test, int times);
  }

  private static void assertFieldCounted(int times, ToIntFunction<IpcFooterTest> field) {
    assertCounted(times, (test, n) -> test.schema(repeated(field.applyAsInt(test), n), new int[0]));
  }

  @Test
  void aTextThatIsNamedTwiceMustBeThereTwice() {
    assertFieldCounted(2, test -> test.field(test.builder.createString(LONG)));
    assertCounted(
        2,
        (test, n) ->
            test.schema(
                new int[0],
                repeated(
                    KeyValue.createKeyValue(test.builder, test.builder.createString(LONG), 0), n)));
    assertCounted(
        2,
        (test, n) ->
            test.schema(
                new int[0],
                repeated(
                    KeyValue.createKeyValue(test.builder, 0, test.builder.createString(LONG)), n)));
  }

  @Test
  void aPairOfAFieldThatIsNamedTwiceMustBeThereTwice() {
    assertFieldCounted(
        2,
        test -> {
          int text = test.builder.createString(LONG);
          return test.field(
              0, new int[0], new int[] {KeyValue.createKeyValue(test.builder, text, 0)});
        });
  }

  @Test
  void everyTableTakesItsBytesThoughItHoldsNoText() {
    assertFieldCounted(1000, test -> test.field(0));
    assertCounted(
        1000,
        (test, n) ->
            test.schema(new int[0], repeated(KeyValue.createKeyValue(test.builder, 0, 0), n)));
  }

  @Test
  void childrenCountWithTheirTexts() {
    assertCounted(
        2,
        (test, n) -> {
          int child = test.field(test.builder.createString(LONG));
          return test.schema(new int[] {test.field(0, repeated(child, n), new int[0])}, new int[0]);
        });
  }

  /// Columns in columns, so many in all.
  private static IpcFooter nested(int depth) {
    IpcFooterTest test = new IpcFooterTest();
    int field = test.field(test.builder.createString("x".repeat(500)));
    for (int i = 1; i < depth; i++) {
      field = test.field(0, new int[] {field}, new int[0]);
    }
    return test.read(test.schema(new int[] {field}, new int[0]));
  }

  @Test
  void columnsMayBeNestedEightDeep() {
    assertEquals(1, nested(8).schema().fieldsLength());
    assertRefused(() -> nested(9), "its columns are nested more than 8 deep");
  }

  @Test
  void aFooterNeedsASchemaAndABoundedSize() {
    assertRefused(() -> read(0), "its footer has no schema");
    assertRefused(
        () -> IpcFooter.read(file(new byte[64], 16_000_001)),
        "its footer has 16000001 bytes, at most 16000000 are read");
    assertRefused(() -> IpcFooter.read(file(new byte[64], -1)), "its footer has 4294967295 bytes");
  }

  private static ArrowBlock block(long offset, int metadata, long body) {
    return new ArrowBlock(offset, metadata, body);
  }

  private static List<Long> offsets(ArrowBlock... blocks) {
    IpcFooterTest test = new IpcFooterTest();
    IpcFooter footer = test.read(test.schema(new int[0], new int[0]), blocks);
    return footer.blocks().stream().map(ArrowBlock::getOffset).toList();
  }

  @Test
  void recordBatchesMayTouchAndLieInAnyOrder() {
    assertEquals(List.of(), offsets());
    assertEquals(List.of(0L, 24L), offsets(block(0, 8, 16), block(24, 8, 0)));
    assertEquals(List.of(24L, 0L), offsets(block(24, 8, 0), block(0, 8, 16)));
    assertEquals(List.of(8L, 8L), offsets(block(8, 0, 0), block(8, 0, 0)));
  }

  @Test
  void recordBatchesThatShareBytesAreRefused() {
    assertRefused(
        () -> offsets(block(23, 8, 0), block(0, 8, 16)),
        "a record batch begins at byte 23, where the one before it ends at 24");
    assertRefused(() -> offsets(block(-8, 8, 16)), "begins at byte -8");
    assertRefused(() -> offsets(block(8, -1, 16)), "begins at byte 8");
    assertRefused(() -> offsets(block(8, 8, -1)), "begins at byte 8");
  }
}
