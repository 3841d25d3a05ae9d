package dev.irpo.testdata.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A folder as [changes][Change] made it, and what of it is on the disk for certain.
///
/// Nothing is but what was forced: the bytes of a file by forcing the file, its name by forcing the
/// folder that it is in. That is less than most file systems do.
public final class DiskImage {
  private final Path place;
  private final Node root;

  /// What is left.
  public enum Left {
    /// By a process that was killed: all that it has done.
    OF_A_KILL,
    /// When the power is lost: what was forced.
    OF_POWER_LOSS,
    /// When the power is lost and the file system had written names, but no bytes.
    NAMES_OF_POWER_LOSS
  }

  /// A file, or a folder if it has names.
  private static final class Node {
    private Map<String, Node> names;
    private Map<String, Node> forcedNames;
    private byte[] bytes = {};
    private byte[] forcedBytes = {};

    void force() {
      forcedBytes = bytes;
      if (names != null) {
        forcedNames = new TreeMap<>(names);
      }
    }

    void write(long position, byte[] more) {
      int begin = Math.toIntExact(position);
      bytes =
          Arrays.copyOf(bytes, Math.max(bytes.length, begin + more.length)); // a forced one stays
      System.arraycopy(more, 0, bytes, begin, more.length);
    }

    /// Fails unless all of it is on the disk.
    void requireForced(String name) {
      if (!Arrays.equals(bytes, forcedBytes)) {
        throw new AssertionError(name + ": has bytes that were not forced to the disk");
      }
      if (names != null) {
        names.forEach((child, node) -> {
          if (forcedNames.get(child) != node) {
            throw new AssertionError(name + "/" + child + ": its name was not forced to the disk");
          }
          node.requireForced(name + "/" + child);
        });
      }
    }
  }

  private static Node folder() {
    Node folder = new Node();
    folder.names = new TreeMap<>();
    folder.forcedNames = new TreeMap<>();
    return folder;
  }

  /// A folder as it is now, all of it on the disk.
  ///
  /// @param place to which the paths of changes lead
  public DiskImage(Path folder, Path place) throws IOException {
    this.place = place;
    root = read(folder);
  }

  private static Node read(Path path) throws IOException {
    Node node = new Node();
    if (Files.isDirectory(path)) {
      node = folder();
      try (Stream<Path> entries = Files.list(path)) {
        for (Path entry : entries.toList()) {
          node.names.put(entry.getFileName().toString(), read(entry));
        }
      }
    } else {
      node.bytes = Files.readAllBytes(path);
    }
    node.force();
    return node;
  }

  /// Makes a change.
  ///
  /// @throws AssertionError if something gets its name that is not on the disk yet, or a file is
  ///   changed that is not there under the name that it was opened with
  public void make(Change change) {
    String name = change.path().getFileName().toString();
    switch (change) {
      case Change.MakeFolder made -> names(made.path()).put(name, folder());
      case Change.Create created -> names(created.path()).put(name, new Node());
      case Change.Write write -> node(write.path()).write(write.position(), write.bytes());
      case Change.Truncate cut -> {
        Node node = node(cut.path());
        node.bytes = Arrays.copyOf(node.bytes, Math.toIntExact(cut.size()));
      }
      case Change.Force force -> node(force.path()).force();
      case Change.Rename rename -> {
        Node node = node(rename.path());
        if (isUnfinished(name)) {
          node.requireForced(rename.to().toString());
        }
        names(rename.path()).remove(name);
        names(rename.to()).put(rename.to().getFileName().toString(), node);
      }
      case Change.Delete delete -> {
        node(delete.path());
        names(delete.path()).remove(name);
      }
    }
  }

  private static boolean isUnfinished(String name) {
    return name.contains(".partial-") || name.endsWith(".unfinished");
  }

  private Node node(Path path) {
    Node node = root;
    for (Path name : place.relativize(path)) {
      node = name.toString().isEmpty() ? node : node.names.get(name.toString());
      if (node == null) {
        throw new AssertionError(path + ": is changed and not there");
      }
    }
    return node;
  }

  private Map<String, Node> names(Path path) {
    return node(path.getParent()).names;
  }

  /// Fails unless all that is there is on the disk.
  public void requireForced() {
    root.requireForced(place.toString());
  }

  /// Writes what is left into a new folder.
  public void writeTo(Path folder, Left left) throws IOException {
    write(root, folder, left);
  }

  private static void write(Node node, Path path, Left left) throws IOException {
    if (node.names == null) {
      Files.write(path, left == Left.OF_A_KILL ? node.bytes : node.forcedBytes);
      return;
    }
    Files.createDirectory(path);
    Map<String, Node> names = left == Left.OF_POWER_LOSS ? node.forcedNames : node.names;
    for (Map.Entry<String, Node> entry : names.entrySet()) {
      write(entry.getValue(), path.resolve(entry.getKey()), left);
    }
  }
}
