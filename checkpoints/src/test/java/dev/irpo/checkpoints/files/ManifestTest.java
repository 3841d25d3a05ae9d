package dev.irpo.checkpoints.files;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {
  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    Files.writeString(folder.resolve("a"), "abc");
    Files.writeString(Files.createDirectory(folder.resolve("inner")).resolve("empty"), "");
    Manifest.write(folder);
  }

  @Test
  void itHoldsTheKnownChecksumOfEveryFileButItself() throws IOException {
    Manifest manifest = Manifest.read(folder);
    assertEquals("[a, inner/empty]", manifest.files().keySet().toString());
    assertEquals(
        new Manifest.Entry(3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        manifest.files().get("a"));
    assertEquals(
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        manifest.files().get("inner/empty").sha256());
    manifest.verifyChecksums(folder);
  }

  @Test
  void aChangedByteIsFoundByChecksumsOnly() throws IOException {
    Files.writeString(folder.resolve("a"), "abd");
    Manifest manifest = Manifest.read(folder);
    manifest.verifySizes(folder);
    assertRefused(() -> manifest.verifyChecksums(folder), "a: has SHA-256 ", "ba7816bf");
  }

  @Test
  void aLongerAndAMissingFileAreFoundBySizes() throws IOException {
    Manifest manifest = Manifest.read(folder);
    Files.writeString(folder.resolve("a"), "abcd");
    assertRefused(() -> manifest.verifySizes(folder), "has 4 bytes", "says 3");
    Files.delete(folder.resolve("a"));
    assertRefused(() -> manifest.verifySizes(folder), "is missing");
  }

  @Test
  void aDamagedManifestIsRefused() throws IOException {
    Path file = folder.resolve(Manifest.FILE_NAME);
    Files.writeString(file, "{\"files\": {\"a\": {\"bytes\": 3");
    assertRefused(() -> Manifest.read(folder), "manifest.json", "not valid JSON");
    Files.writeString(file, "{\"files\": {\"../a\": {\"bytes\": 3, \"sha256\": \"\"}}}");
    assertRefused(() -> Manifest.read(folder), "'../a'", "inside the folder");
    Files.writeString(file, "{\"files\": {}, \"files\": {}}");
    assertRefused(() -> Manifest.read(folder), "Duplicate");
    Files.writeString(file, "{\"filet\": {}}");
    assertRefused(() -> Manifest.require(folder), "manifest.json: lists no files");
    Files.delete(file);
    assertRefused(() -> Manifest.read(folder), "no such file");
    assertRefused(() -> Manifest.require(folder), "manifest.json: is missing");
  }
}
