package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NewFilesTest {
  @TempDir Path folder;

  @Test
  void severalFilesAreWrittenAtTheSameTime() throws IOException {
    CountDownLatch begun = new CountDownLatch(3);
    SequencedMap<String, NewFiles.Content> contents = new LinkedHashMap<>();
    for (int i = 0; i < 3; i++) {
      byte content = (byte) i;
      contents.put(
          "file" + i,
          file -> {
            begun.countDown();
            assertTrue(await(begun), "the others were not begun");
            file.write(ByteBuffer.wrap(new byte[] {content}));
          });
    }
    NewFiles files = new NewFiles(folder, _ -> {});
    files.write(contents);
    assertEquals(contents.keySet(), files.written().keySet());
    for (int i = 0; i < 3; i++) {
      assertEquals(i, Files.readAllBytes(folder.resolve("file" + i))[0]);
    }
  }

  @Test
  void oneThatFailsEndsTheOthers() {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    SequencedMap<String, NewFiles.Content> contents = new LinkedHashMap<>();
    for (int i = 0; i < 2; i++) {
      contents.put(
          "waits" + i,
          _ -> {
            begun.countDown();
            assertFalse(await(never));
          });
    }
    contents.put(
        "fails",
        _ -> {
          await(begun);
          throw new IOException("the disk is full");
        });
    for (int i = 0; i < 5; i++) {
      contents.put("later" + i, _ -> assertFalse(await(never)));
    }
    NewFiles files = new NewFiles(folder, _ -> {});
    assertEquals(
        "the disk is full",
        assertThrows(IOException.class, () -> files.write(contents)).getMessage());
    assertFalse(Files.exists(folder.resolve("later4")), "begun after the failure");
    assertTrue(files.written().isEmpty(), () -> files.written().toString());
  }

  private static boolean await(CountDownLatch latch) throws IOException {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }
}
