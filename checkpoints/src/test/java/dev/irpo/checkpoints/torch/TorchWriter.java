package dev.irpo.checkpoints.torch;

import dev.irpo.checkpoints.TestModels;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;

/// Writes `.pth` files as `torch.save` does: entries stored, data at multiples of 64 bytes after a
/// padded extra field, sizes in a descriptor after it, and the records of zip64 always.
public final class TorchWriter {
  private static final int ALIGNMENT = 64;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private int count;

  /// Tensors that are the same object share a storage.
  public static void save(Path file, SequencedMap<String, StoredTensor> tensors)
      throws IOException {
    IdentityHashMap<StoredTensor, String> keys = new IdentityHashMap<>();
    SequencedMap<String, byte[]> storages = new LinkedHashMap<>();
    PickleWriter pickle = new PickleWriter().op('}').put().op('(');
    for (Map.Entry<String, StoredTensor> entry : tensors.entrySet()) {
      StoredTensor tensor = entry.getValue();
      String key = keys.computeIfAbsent(tensor, added -> Integer.toString(keys.size()));
      storages.computeIfAbsent(
          key, added -> TestModels.bytes(tensor.inMemory(Arena.ofAuto()).data()));
      long[] sizes = tensor.shape().toArray();
      pickle.text(entry.getKey());
      pickle.tensor(
          tensor.dtype(), key, tensor.shape().numElements(), 0, sizes, rowMajorStrides(sizes));
    }
    save(file, pickle.op('u').stop(), storages);
  }

  public static void save(Path file, byte[] pickle, Map<String, byte[]> storages)
      throws IOException {
    TorchWriter zip = new TorchWriter().add("model/data.pkl", pickle);
    zip.add("model/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
    storages.forEach((key, data) -> zip.add("model/data/" + key, data));
    Files.write(file, zip.add("model/version", new byte[] {'3', '\n'}).bytes());
  }

  public static long[] rowMajorStrides(long... sizes) {
    long[] strides = new long[sizes.length];
    long stride = 1;
    for (int axis = sizes.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= sizes[axis];
    }
    return strides;
  }

  public TorchWriter add(String name, byte[] data) {
    return add(name, data, 0);
  }

  /// @param method of compression, which the data must have been through
  public TorchWriter add(String name, byte[] data, int method) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    int begin = out.size();
    int padding = -Math.floorMod(begin + 30 + utf8.length + 4, -ALIGNMENT);
    out.writeBytes(
        header(
            30,
            h ->
                h.putInt(0x04034b50)
                    .putInt(0x08080000)
                    .putShort(8, (short) method)
                    .putShort(26, (short) utf8.length)
                    .putShort(28, (short) (4 + padding))));
    out.writeBytes(utf8);
    out.writeBytes(header(4, h -> h.putShort((short) 0x4246).putShort((short) padding)));
    out.writeBytes(new byte[padding]);
    out.writeBytes(data);
    out.writeBytes(header(16, h -> h.putInt(0x08074b50).putInt(8, data.length)));
    addToDirectory(utf8, begin, data.length, method);
    return this;
  }

  /// A second name of the directory for bytes that lie in the archive.
  public TorchWriter addToDirectory(byte[] name, int begin, int bytes, int method) {
    directory.writeBytes(
        header(
            46,
            h ->
                h.putInt(0x02014b50)
                    .putShort(8, (short) 0x808)
                    .putShort(10, (short) method)
                    .putInt(20, bytes)
                    .putInt(24, bytes)
                    .putShort(28, (short) name.length)
                    .putInt(42, begin)));
    directory.writeBytes(name);
    count++;
    return this;
  }

  public byte[] bytes() {
    return bytes(count, directory.size(), out.size());
  }

  /// With a directory that is stated to be of this size and place.
  public byte[] bytes(long entries, long directoryBytes, long offset) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(out.toByteArray());
    all.writeBytes(directory.toByteArray());
    long end64 = all.size();
    all.writeBytes(
        header(
            56,
            h ->
                h.putInt(0x06064b50)
                    .putLong(4, 44)
                    .putLong(24, entries)
                    .putLong(32, entries)
                    .putLong(40, directoryBytes)
                    .putLong(48, offset)));
    all.writeBytes(header(20, h -> h.putInt(0x07064b50).putLong(8, end64).putInt(16, 1)));
    all.writeBytes(
        header(
            22,
            h ->
                h.putInt(0x06054b50)
                    .putShort(8, (short) Math.min(entries, 0xFFFF))
                    .putShort(10, (short) Math.min(entries, 0xFFFF))
                    .putInt(12, (int) Math.min(directoryBytes, 0xFFFF_FFFFL))
                    .putInt(16, (int) Math.min(offset, 0xFFFF_FFFFL))));
    return all.toByteArray();
  }

  private static byte[] header(int bytes, Consumer<ByteBuffer> fields) {
    ByteBuffer header = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    fields.accept(header);
    return header.array();
  }
}
