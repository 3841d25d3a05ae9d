package dev.irpo.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// A secret of the user's, from which follow the token and the port of each run's address: a page
/// finds its server again when that is started again, and nobody else finds it.
///
/// ```text
/// token, port = HMAC-SHA-256(key, path of the run)      key: 32 random bytes, kept in a file
/// ```
public final class WatchKey {
  private static final int BYTES = 32;
  private static final int TOKEN_BYTES = 24;

  /// Ports that systems do not hand out to who asks for any.
  private static final int FIRST_PORT = 20_000;

  private static final int PORTS = 10_000;

  private final byte[] key;

  private WatchKey(byte[] key) {
    this.key = key;
  }

  /// A key that is forgotten.
  public static WatchKey random() {
    byte[] key = new byte[BYTES];
    new SecureRandom().nextBytes(key);
    return new WatchKey(key);
  }

  /// The key in a file, which is made where there is none, for its owner alone.
  ///
  /// @throws IOException if it can be neither read nor made, or holds something else
  public static WatchKey of(Path file) throws IOException {
    if (!Files.exists(file)) {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try (var out =
          Files.newByteChannel(
              file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly())) {
        out.write(ByteBuffer.wrap(random().key));
      } catch (FileAlreadyExistsException made) {
        // by another process just now
      }
    }
    byte[] key = Files.readAllBytes(file);
    if (key.length != BYTES) {
      throw new IOException("%s: has %d bytes instead of %d".formatted(file, key.length, BYTES));
    }
    return new WatchKey(key);
  }

  private static FileAttribute<?>[] ownerOnly() {
    boolean isPosix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    return isPosix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /// What stands in the address of a run.
  String token(Path run) throws IOException {
    byte[] token = Arrays.copyOf(digest("token", run), TOKEN_BYTES);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
  }

  /// The port that it has if that is free.
  int port(Path run) throws IOException {
    int number = ByteBuffer.wrap(digest("port", run)).getInt();
    return FIRST_PORT + Math.floorMod(number, PORTS);
  }

  private byte[] digest(String what, Path run) throws IOException {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal((what + "\n" + run.toRealPath()).getBytes(UTF_8));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
