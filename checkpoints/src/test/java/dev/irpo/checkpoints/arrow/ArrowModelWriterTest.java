package dev.irpo.checkpoints.arrow;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.bytes;
import static dev.irpo.checkpoints.TestModels.config;
import static dev.irpo.checkpoints.TestModels.floats;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.TestModels;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.model.FloatConversion;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TensorSummary;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArrowModelWriterTest {
  private static final List<StoredTensor> MIXED =
      List.of(
          tensor("a", DType.F32, 1, 5, 7),
          tensor("b", DType.BF16, 2, 33),
          tensor("c", DType.F32, 3, 1),
          tensor("d", DType.F16, 4, 3, 3, 3),
          tensor("e", DType.INT32, 5, 2),
          tensor("f", DType.F64, 6, 9));

  @TempDir Path folder;

  @Test
  void everyTensorComesBackWithItsBytesInTheOrderOfTheSource() throws IOException {
    Path target = write(ArrowModelWriter.keepingTypes(), MIXED);
    try (StoredModel model = ModelFormats.open(target)) {
      assertEquals("ARROW", model.format().name());
      assertSameTensors(MIXED, model.tensors().values());
      assertEquals("llama", model.config().path("model_type").asText());
      assertArrayEquals(
          new byte[] {1, 2, 3},
          model.requireTokenizer().contents().get(TokenizerFiles.SENTENCE_PIECE));
    }
    Manifest.read(target).verifyChecksums(target);
  }

  @Test
  void theMemoryMapItselfIsTheTensorAt64Bytes() throws IOException {
    try (StoredModel model = ModelFormats.open(write(ArrowModelWriter.keepingTypes(), MIXED))) {
      for (StoredTensor tensor : model.tensors().values()) {
        assertTrue(tensor.data().isMapped(), tensor.name());
        assertTrue(tensor.data().isReadOnly(), tensor.name());
        assertEquals(0, tensor.data().address() % 64, tensor.name());
      }
    }
  }

  @Test
  void smallSlicesAndSmallFilesHoldTheSameTensors() throws IOException {
    Path target = write(new ArrowModelWriter(Optional.empty(), 100, 4), MIXED);
    assertTrue(Files.exists(target.resolve("weights-00006-of-00006.arrow")));
    try (StoredModel model = ModelFormats.open(target)) {
      assertSameTensors(MIXED, model.tensors().values());
    }
  }

  @Test
  void aPlainArrowReaderReadsTheSameValues() throws IOException {
    for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      StoredTensor first = tensor("first", dtype, 7, 3, 5);
      StoredTensor second = tensor("second", dtype, 8, 11);
      Path target = folder.resolve("plain-" + dtype);
      new ArrowModelWriter(Optional.empty(), 1 << 20, 8)
          .write(target, config(), List.of(first, second), TokenizerFiles.none());
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      try (RootAllocator allocator = new RootAllocator();
          FileChannel channel = FileChannel.open(target.resolve("weights-00001-of-00001.arrow"));
          ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
        assertEquals(4, reader.getRecordBlocks().size());
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        while (reader.loadNextBatch()) {
          FieldVector values = root.getVector("values");
          assertEquals(0, values.getNullCount());
          assertEquals(dtype == DType.F16, values instanceof Float2Vector);
          assertEquals(dtype == DType.BF16, values instanceof UInt2Vector);
          byte[] batch = new byte[root.getRowCount() * dtype.bytes()];
          values.getDataBuffer().getBytes(0, batch);
          read.write(batch);
        }
      }
      ByteArrayOutputStream expected = new ByteArrayOutputStream();
      expected.write(bytes(first.data()));
      expected.write(bytes(second.data()));
      assertArrayEquals(expected.toByteArray(), read.toByteArray());
    }
  }

  @Test
  void convertingRoundsToTheNearestAndSaysSoInTheConfig() throws IOException {
    StoredTensor source = floats("w", Shape.of(4), 1f, 1 + 0x1p-8f, -0.33333334f, Float.MAX_VALUE);
    Path target = write(ArrowModelWriter.convertingTo(DType.BF16), List.of(source));
    try (StoredModel model = ModelFormats.open(target)) {
      assertEquals("bfloat16", model.config().path("dtype").asText());
      assertEquals(DType.BF16, model.tensor("w").dtype());
      assertArrayEquals(
          new byte[] {(byte) 0x80, 0x3f, (byte) 0x80, 0x3f, (byte) 0xab, (byte) 0xbe, -128, 0x7f},
          bytes(model.tensor("w").data()));
    }
  }

  @Test
  void piecesOfALargeTensorConvertAsTheWholeDoes() throws IOException {
    StoredTensor source = tensor("w", DType.F32, 9, 5, 1 << 19);
    StoredTensor whole = tensor("w", DType.F16, 9, 5, 1 << 19);
    FloatConversion.convert(DType.F32, source.data(), DType.F16, whole.data());
    Path target = folder.resolve("model");
    new ArrowModelWriter(Optional.of(DType.F16), 1L << 30, (1 << 20) + 3)
        .write(target, config(), List.of(source), TokenizerFiles.none());
    try (StoredModel model = ModelFormats.open(target)) {
      assertSameTensors(List.of(whole), model.tensors().values());
    }
  }

  @Test
  void theSameModelGivesTheSameBytes() throws IOException {
    Path one = write(ArrowModelWriter.keepingTypes(), MIXED);
    Path two = folder.resolve("again");
    ArrowModelWriter.keepingTypes()
        .write(two, config(), MIXED, TokenizerFiles.sentencePiece(new byte[] {1, 2, 3}));
    assertEquals(
        Files.readString(one.resolve("manifest.json")),
        Files.readString(two.resolve("manifest.json")));
  }

  @Test
  void aNameUsedTwiceIsRefusedAndLeavesNothing() {
    assertRefused(
        () -> write(ArrowModelWriter.keepingTypes(), List.of(MIXED.get(0), MIXED.get(0))),
        "'a' a second time");
    assertEquals(0, folder.toFile().list().length);
    assertRefused(() -> ArrowModelWriter.convertingTo(DType.INT32), "--dtype", "bf16");
  }

  @Test
  void aMissingTensorIsNamedWithTheClosest() throws IOException {
    try (StoredModel model =
        ModelFormats.open(
            write(
                ArrowModelWriter.keepingTypes(),
                List.of(
                    tensor("lm_head.weight", DType.F32, 1, 2), tensor("x", DType.F32, 1, 2))))) {
      assertRefused(
          () -> model.tensor("lm_haed.weight"), "no tensor 'lm_haed.weight'", "'lm_head.weight'");
    }
  }

  @Test
  void aTruncatedOrMissingWeightsFileIsRefusedOnOpening() throws IOException {
    Path target = write(ArrowModelWriter.keepingTypes(), MIXED);
    Path weights = target.resolve("weights-00001-of-00005.arrow");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(whole, whole.length - 1));
    assertRefused(() -> ModelFormats.open(target), "00001", "has " + (whole.length - 1) + " bytes");
    Files.delete(weights);
    assertRefused(() -> ModelFormats.open(target), "is missing");
  }

  @Test
  void summariesNameTypeShapeBytesAndChecksum() throws IOException {
    StoredTensor abc = TestModels.stored("w", DType.F32, Shape.of(1), new byte[] {97, 98, 99, 100});
    try (StoredModel model =
        ModelFormats.open(write(ArrowModelWriter.keepingTypes(), List.of(abc)))) {
      assertEquals(
          "[TensorSummary[name=w, dtype=F32, shape=(1,), bytes=4, sha256="
              + "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589]]",
          model.summaries().toString());
    }
  }

  @Test
  void summariesOfBlocksAreOfWhatIsStored() throws IOException {
    StoredTensor blocks = TestModels.blocks("w", 1, 2, 64);
    try (StoredModel model =
        ModelFormats.open(write(ArrowModelWriter.keepingTypes(), List.of(blocks)))) {
      TensorSummary summary = model.summaries().getFirst();
      assertEquals(DType.Q8_0, summary.dtype());
      assertEquals(Shape.of(2, 64), summary.shape());
      assertEquals(4 * 34, summary.bytes());
      StoredTensor stored = blocks.quantised().orElseThrow();
      assertEquals(Checksums.sha256(stored.content()), summary.sha256());
    }
  }

  private Path write(ArrowModelWriter writer, List<StoredTensor> tensors) throws IOException {
    Path target = folder.resolve("model");
    writer.write(target, config(), tensors, TokenizerFiles.sentencePiece(new byte[] {1, 2, 3}));
    return target;
  }
}
