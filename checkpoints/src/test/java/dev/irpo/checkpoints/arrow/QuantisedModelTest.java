package dev.irpo.checkpoints.arrow;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.blocks;
import static dev.irpo.checkpoints.TestModels.bytes;
import static dev.irpo.checkpoints.TestModels.config;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Converted models whose tensors lie in blocks.
class QuantisedModelTest {
  private static final List<StoredTensor> MIXED =
      List.of(
          blocks("a", 1, 6, 64),
          tensor("b", DType.BF16, 2, 33),
          blocks("c", 3, 3, 32),
          tensor("d", DType.F32, 4, 5, 7));

  @TempDir Path folder;

  private Path write(ArrowModelWriter writer) throws IOException {
    Path target = folder.resolve("model");
    writer.write(target, config(), MIXED, TokenizerFiles.none());
    return target;
  }

  private static void requireBlocks(StoredModel model) {
    for (StoredTensor tensor : MIXED) {
      Optional<StoredTensor> expected = tensor.quantised();
      Optional<StoredTensor> found = model.tensor(tensor.name()).quantised();
      assertEquals(expected.isPresent(), found.isPresent(), tensor.name());
      if (expected.isPresent()) {
        assertSameTensors(List.of(expected.get()), List.of(found.get()));
      }
    }
  }

  @Test
  void blocksAreKeptAndTheMapItselfHasThem() throws IOException {
    ArrowModelWriter writer = ArrowModelWriter.keepingTypes();
    try (StoredModel model = ModelFormats.open(write(writer))) {
      assertSameTensors(MIXED, model.tensors().values());
      requireBlocks(model);
      StoredTensor first = model.tensor("a").quantised().orElseThrow();
      assertTrue(first.data().isMapped());
      assertEquals(0, first.data().address() % 64);
      assertEquals(12 * 34 + 66 + 3 * 34 + 140, writer.bytesOf(model.tensors().values()));
    }
  }

  /// A slice has whole blocks, however small slices are to be.
  @Test
  void smallSlicesAndSmallFilesHoldTheSameBlocks() throws IOException {
    for (int sliceElements : new int[] {1, 100}) {
      Path target = folder.resolve("slices of " + sliceElements);
      new ArrowModelWriter(Optional.empty(), 100, sliceElements)
          .write(target, config(), MIXED, TokenizerFiles.none());
      try (StoredModel model = ModelFormats.open(target)) {
        assertSameTensors(MIXED, model.tensors().values());
        requireBlocks(model);
      }
    }
  }

  @Test
  void convertingWidensThem() throws IOException {
    try (StoredModel model = ModelFormats.open(write(ArrowModelWriter.convertingTo(DType.F32)))) {
      for (StoredTensor tensor : MIXED) {
        StoredTensor single = ConvertedContent.of(tensor, DType.F32);
        assertTrue(single.quantised().isEmpty());
        assertSameTensors(List.of(single), List.of(model.tensor(tensor.name())));
        assertTrue(model.tensor(tensor.name()).content().inMemory().isPresent());
      }
    }
  }

  @Test
  void aPlainArrowReaderReadsTheSameBlocks() throws IOException {
    Path target = folder.resolve("plain");
    new ArrowModelWriter(Optional.empty(), 1 << 20, 160)
        .write(target, config(), List.of(MIXED.getFirst()), TokenizerFiles.none());
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(target.resolve("weights-00001-of-00001.arrow"));
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      assertEquals(3, reader.getRecordBlocks().size());
      while (reader.loadNextBatch()) {
        FixedSizeBinaryVector values =
            (FixedSizeBinaryVector) reader.getVectorSchemaRoot().getVector("values");
        for (int i = 0; i < values.getValueCount(); i++) {
          read.write(values.get(i));
        }
      }
    }
    assertArrayEquals(bytes(MIXED.getFirst().quantised().orElseThrow().data()), read.toByteArray());
  }

  @Test
  void rowsOfNoWholeBlocksAreRefused() throws IOException {
    Path file = folder.resolve("weights.arrow");
    WeightsWriter.write(
        file, List.of(MIXED.getFirst().quantised().orElseThrow()), DType.Q8_0, 1 << 20);
    String latin = Files.readString(file, StandardCharsets.ISO_8859_1);
    String changed = latin.replace("\"shape\":[6,64]", "\"shape\":[8,48]");
    Files.writeString(file, changed, StandardCharsets.ISO_8859_1);
    try (Arena arena = Arena.ofConfined()) {
      assertRefused(() -> WeightsFile.read(file, arena), "(8, 48)", "whole blocks of Q8_0");
    }
  }
}
