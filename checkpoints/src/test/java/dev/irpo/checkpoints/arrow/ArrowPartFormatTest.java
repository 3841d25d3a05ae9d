package dev.irpo.checkpoints.arrow;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.bytes;
import static dev.irpo.checkpoints.TestModels.config;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.huggingface.SafetensorsWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A folder with the second of three tensors, whose base has another second one and one more.
class ArrowPartFormatTest {
  private static final List<StoredTensor> BASE =
      List.of(
          tensor("unused", DType.F32, 9, 3),
          tensor("a", DType.BF16, 1, 5, 7),
          tensor("b", DType.F32, 2, 33),
          tensor("c", DType.F32, 3, 4, 2));
  private static final StoredTensor TRAINED = tensor("b", DType.F32, 4, 33);
  private static final List<StoredTensor> WHOLE = List.of(BASE.get(1), TRAINED, BASE.get(3));
  private static final List<String> NAMES = List.of("a", "b", "c");

  @TempDir private Path temporary;
  private Path base;
  private Path part;

  @BeforeEach
  void writeBoth() throws IOException {
    base = temporary.resolve("all").resolve("base");
    part = temporary.resolve("all").resolve("checkpoints").resolve("part");
    writeModel(base, BASE);
    writePart(BaseModel.of(base, NAMES), TRAINED);
  }

  private static void writeModel(Path folder, List<StoredTensor> tensors) throws IOException {
    ArrowModelWriter.keepingTypes().write(folder, config(), tensors, TokenizerFiles.none());
  }

  private void writePart(BaseModel of, StoredTensor own) throws IOException {
    Files.createDirectories(part.getParent());
    AtomicFiles.writeFolder(
        part,
        folder -> {
          Map<String, Manifest.Entry> written =
              new TreeMap<>(
                  ArrowModelWriter.keepingTypes()
                      .writeContents(folder, config(), List.of(own), TokenizerFiles.none()));
          written.putAll(of.writeTo(folder));
          Manifest.write(folder, written);
        });
  }

  private static void assertWhole(Path folder) throws IOException {
    try (StoredModel model = ModelFormats.open(folder)) {
      assertEquals("ARROW_PART", model.format().name());
      assertSameTensors(WHOLE, model.tensors().values());
      model.verifyChecksums();
    }
  }

  @Test
  void theTensorsThatItLacksAreThoseOfItsBase() throws IOException {
    assertWhole(part);
    try (StoredModel own = ModelFormats.openWithoutBase(part)) {
      assertSameTensors(List.of(TRAINED), own.tensors().values());
    }
  }

  @Test
  void aBaseMayHaveAnyFormat() throws IOException {
    Path other = Files.createDirectories(temporary.resolve("hugging-face"));
    Files.writeString(other.resolve("config.json"), config().toString());
    SafetensorsWriter.write(other.resolve("model.safetensors"), BASE);
    deletePart();
    writePart(BaseModel.of(other, NAMES), TRAINED);
    assertWhole(part);
    Files.writeString(other.resolve("config.json"), config().put("vocab_size", 7).toString());
    assertRefused(() -> ModelFormats.open(part), "base.json", other.toString(), "put it back");
  }

  @Test
  void bothCanBeMovedTogetherAndReachedThroughALink() throws IOException {
    Path moved = temporary.resolve("deeper").resolve("moved");
    Files.createDirectories(moved.getParent());
    Files.move(temporary.resolve("all"), moved);
    assertWhole(moved.resolve("checkpoints").resolve("part"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), moved.resolve("checkpoints"));
    assertWhole(link.resolve("part"));
  }

  @Test
  void withoutItsBaseItIsRefused() throws IOException {
    Path alone = Files.createDirectory(temporary.resolve("moved")).resolve("alone");
    Files.move(part, alone);
    String whereItWouldBe = temporary.toRealPath().resolve("base").toString();
    assertRefused(() -> ModelFormats.open(alone), "base.json", whereItWouldBe, "is not there");
    try (StoredModel own = ModelFormats.openWithoutBase(alone)) {
      assertSameTensors(List.of(TRAINED), own.tensors().values());
    }
  }

  @Test
  void anotherModelInThePlaceOfItsBaseIsRefused() throws IOException {
    Files.move(base, temporary.resolve("before"));
    writeModel(
        base, List.of(BASE.get(0), BASE.get(1), BASE.get(2), tensor("c", DType.F32, 8, 4, 2)));
    assertRefused(() -> ModelFormats.open(part), "base.json", base.toString(), "put it back");
    BaseModel same = BaseModel.of(temporary.resolve("before"), NAMES);
    same.requireBaseOf(part);
    BaseModel other = BaseModel.of(base, NAMES);
    assertRefused(() -> other.requireBaseOf(part), "base.json", base.toString(), other.sha256());
    other.requireBaseOf(base);
  }

  @Test
  void aDamagedBaseIsFoundWithThePart() throws IOException {
    requireDamageIsFound(base.resolve("weights-00001-of-00002.arrow"), BASE.getFirst());
  }

  @Test
  void aDamagedPartIsFound() throws IOException {
    requireDamageIsFound(part.resolve("weights-00001-of-00001.arrow"), TRAINED);
  }

  /// Changes a bit of a tensor.
  private void requireDamageIsFound(Path weights, StoredTensor tensor) throws IOException {
    byte[] bytes = Files.readAllBytes(weights);
    bytes[last(bytes, tensor)] ^= 1;
    Files.write(weights, bytes);
    try (StoredModel model = ModelFormats.open(part)) {
      assertRefused(model::verifyChecksums, weights.toString(), "SHA-256");
    }
  }

  /// Where the last byte of a tensor is in a file.
  private static int last(byte[] file, StoredTensor tensor) {
    byte[] wanted = bytes(tensor.data());
    for (int i = 0; i + wanted.length <= file.length; i++) {
      if (Arrays.equals(file, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i + wanted.length - 1;
      }
    }
    throw new AssertionError("the file lacks " + tensor.name());
  }

  @Test
  void aTensorThatNeitherHasIsNamed() throws IOException {
    deletePart();
    writePart(BaseModel.of(base, List.of("a", "b", "c", "d")), TRAINED);
    assertRefused(() -> ModelFormats.open(part), "base.json", base.toString(), "tensor 'd'");
  }

  @Test
  void noFolderCanBeMadeItsOwnBase() throws IOException {
    Path file = part.resolve(BaseModel.FILE_NAME);
    String text = Files.readString(file);
    String itself = Checksums.sha256(part.resolve(Manifest.FILE_NAME));
    String edited =
        text.replace("../../base", "./././././")
            .replace(BaseModel.of(base, NAMES).sha256(), itself);
    assertEquals(text.length(), edited.length());
    assertTrue(edited.contains("././") && edited.contains(itself), edited);
    Files.writeString(file, edited);
    assertRefused(() -> ModelFormats.open(part), "base.json", "manifest.json", "copy");
  }

  @Test
  void aDamagedReferenceIsRefused() throws IOException {
    Path file = part.resolve(BaseModel.FILE_NAME);
    String text = Files.readString(file);
    String sha256 = BaseModel.of(base, NAMES).sha256();
    for (String damaged :
        List.of(
            "{}",
            text.replace(sha256, "other\\n"),
            text.replace("tensors", "names"),
            text.replace("../../base", "\\u0000"))) {
      Files.writeString(file, damaged);
      Manifest.write(part);
      assertRefused(() -> ModelFormats.open(part), "base.json", "copy");
    }
  }

  @Test
  void aBaseThatIsNoModelIsRefusedBeforeAllOfItIsRead() throws IOException {
    Path file = part.resolve(BaseModel.FILE_NAME);
    String text = Files.readString(file);
    Path around = temporary.resolve("all").toRealPath();
    Files.writeString(file, text.replace("../../base", "../.."));
    Manifest.write(part);
    assertRefused(() -> ModelFormats.open(part), file + ": its base " + around + ": is neither");
    Path root = temporary.getRoot();
    Files.writeString(file, text.replace("../../base", root.toString().replace('\\', '/')));
    Manifest.write(part);
    assertRefused(() -> ModelFormats.open(part), file + ": its base " + root + ": is neither");
    Files.writeString(file, text.replace("../../base", "no\\u0085where"));
    Manifest.write(part);
    String message =
        assertThrows(NoSuchFileException.class, () -> ModelFormats.open(part)).getMessage();
    assertTrue(message.startsWith(file + ": ") && message.indexOf(0x85) < 0, message);
  }

  private void deletePart() throws IOException {
    Files.move(part, temporary.resolve("old-part"));
  }
}
