package dev.irpo.checkpoints.torch;

import dev.irpo.tensor.DType;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The dictionary of tensors that `torch.save` pickles, read without Python's generality.
///
/// A pickle is a program for a stack machine, and Python's runs any function that it names. This
/// one knows the opcodes that `torch.save` emits (protocol 2) and the names in [#GLOBALS], which
/// stand for data here; everything else is refused by name, and nothing is ever called or loaded.
///
/// ```text
/// dictionary → {name: tensor}
/// tensor     → torch._utils._rebuild_tensor_v2(storage, offset, size, stride, grad, hooks)
/// storage    → persistent id ("storage", torch.BFloat16Storage, key, device, elements)
/// ```
///
/// Every object costs an opcode and opcodes are counted, so time and memory are bounded; values are
/// never walked through, so what a pickle nests or repeats by its memo costs no more. Source:
/// CPython `Lib/pickletools.py`; PyTorch `torch/serialization.py` and `torch/_utils.py`.
final class TorchPickle {
  /// Llama 3.1 405B, the largest, needs about 50,000 for the 1,137 tensors of a file.
  static final int MAX_OPCODES = 200_000;

  private static final int MAX_STACK = 10_000;
  private static final int MAX_TEXT_BYTES = 1024;
  private static final int MAX_AXES = 8;
  private static final int STOP = '.';
  private static final Object MARK = new Object();
  private static final Object NONE = new Object();

  /// Functions that a pickle may name; what they would return is built here.
  private enum Function {
    REBUILD_TENSOR,
    ORDERED_DICT
  }

  private static final Map<String, Object> GLOBALS =
      Map.of(
          "torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR,
          "collections.OrderedDict", Function.ORDERED_DICT,
          "torch.BFloat16Storage", DType.BF16,
          "torch.HalfStorage", DType.F16,
          "torch.FloatStorage", DType.F32);

  /// The bytes of one or more tensors.
  ///
  /// @param key names the archive's entry
  record Storage(DType dtype, String key, long numElements) {}

  /// A tensor as a part of a storage.
  ///
  /// @param offset in elements
  record View(Storage storage, long offset, long[] sizes, long[] strides) {}

  private record Tuple(List<Object> items) {}

  private record Dictionary(SequencedMap<String, Object> items) {}

  private final String source;
  private final ByteBuffer in;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();

  private TorchPickle(byte[] pickle, String source) {
    this.source = source;
    this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// The tensors by name, in the order of the pickle.
  ///
  /// @param source what the pickle is called in messages
  /// @throws IllegalArgumentException if it is anything but a dictionary of tensors
  static SequencedMap<String, View> read(byte[] pickle, String source) {
    TorchPickle machine = new TorchPickle(pickle, source);
    try {
      return machine.run();
    } catch (BufferUnderflowException e) {
      throw machine.refused(
          "its pickle ends at byte %d, within an opcode".formatted(pickle.length));
    }
  }

  private SequencedMap<String, View> run() {
    if (in.get() != (byte) 0x80 || in.get() != 2) {
      throw refused("its pickle is not of protocol 2, which torch.save writes");
    }
    for (int done = 0; done < MAX_OPCODES; done++) {
      int opcode = Byte.toUnsignedInt(in.get());
      if (opcode == STOP) {
        return tensors(pop());
      }
      step(opcode);
    }
    throw refused("its pickle has more than %d opcodes".formatted(MAX_OPCODES));
  }

  private void step(int opcode) {
    switch (opcode) {
      case '(' -> push(MARK);
      case 'N' -> push(NONE);
      case '}' -> push(new Dictionary(new LinkedHashMap<>()));
      case ')' -> push(new Tuple(List.of()));
      case 't' -> push(new Tuple(popToMark()));
      case 0x85, 0x86, 0x87 -> push(new Tuple(popLast(opcode - 0x84)));
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'K' -> push((long) Byte.toUnsignedInt(in.get()));
      case 'M' -> push((long) Short.toUnsignedInt(in.getShort()));
      case 'J' -> push((long) in.getInt());
      case 0x8a -> push(wideInteger());
      case 'X' -> push(text(Integer.toUnsignedLong(in.getInt())));
      case 'c' -> push(global());
      case 'q' -> memo.put(Byte.toUnsignedInt(in.get()), top());
      case 'r' -> memo.put(in.getInt(), top());
      case 'h' -> push(remembered(Byte.toUnsignedInt(in.get())));
      case 'j' -> push(remembered(in.getInt()));
      case 'Q' -> push(storage(pop(Tuple.class, "a persistent id")));
      case 'R' -> reduce();
      case 's' -> putAll(popLast(2));
      case 'u' -> putAll(popToMark());
      case 'b' -> build();
      default ->
          throw refused(
              "its pickle has the opcode %s at byte %d, which torch.save never writes"
                  .formatted(opcodeName(opcode), in.position() - 1));
    }
  }

  /// The names of opcodes by which pickles run code; others are given by number.
  private static String opcodeName(int opcode) {
    return switch (opcode) {
      case 0x93 -> "STACK_GLOBAL (0x93)";
      case 'i' -> "INST (0x69)";
      case 'o' -> "OBJ (0x6f)";
      case 0x81 -> "NEWOBJ (0x81)";
      case 0x92 -> "NEWOBJ_EX (0x92)";
      case 0x82, 0x83, 0x84 -> "EXT (0x%02x)".formatted(opcode);
      case 'P' -> "PERSID (0x50)";
      default -> "0x%02x".formatted(opcode);
    };
  }

  private long wideInteger() {
    int bytes = Byte.toUnsignedInt(in.get());
    if (bytes > Long.BYTES) {
      throw refused("its pickle has an integer of %d bytes, sizes have 8".formatted(bytes));
    }
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      long digit =
          i == bytes - 1 ? in.get() : Byte.toUnsignedInt(in.get()); // the last has the sign
      value |= digit << (Byte.SIZE * i);
    }
    return value;
  }

  private String text(long bytes) {
    if (bytes > MAX_TEXT_BYTES || bytes > in.remaining()) {
      throw refused(
          "its pickle has a text of %d bytes; %d are left and %d are read"
              .formatted(bytes, in.remaining(), MAX_TEXT_BYTES));
    }
    byte[] encoded = new byte[(int) bytes];
    in.get(encoded);
    return printable(encoded);
  }

  /// Texts go into messages of one line.
  private String printable(byte[] encoded) {
    String text = new String(encoded, StandardCharsets.UTF_8);
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw refused("its pickle has a name with control characters");
    }
    return text;
  }

  private Object global() {
    String name = line() + "." + line();
    Object known = GLOBALS.get(name);
    if (known == null) {
      throw refused(
          "its pickle asks for %s, which is not part of a model; nothing of it was run"
              .formatted(name));
    }
    return known;
  }

  private String line() {
    int begin = in.position();
    int end = begin;
    while (end < in.limit() && end - begin < MAX_TEXT_BYTES && in.get(end) != '\n') {
      end++;
    }
    if (end == in.limit() || in.get(end) != '\n') {
      throw refused("its pickle has a name without end at byte %d".formatted(begin));
    }
    byte[] encoded = new byte[end - begin];
    in.get(encoded).get();
    return printable(encoded);
  }

  private Object remembered(int index) {
    Object value = memo.get(index);
    if (value == null) {
      throw refused("its pickle recalls the value %d, which it never stored".formatted(index));
    }
    return value;
  }

  private Storage storage(Tuple id) {
    List<Object> items = id.items();
    if (items.size() == 5
        && "storage".equals(items.get(0))
        && items.get(1) instanceof DType dtype
        && items.get(2) instanceof String key
        && items.get(3) instanceof String
        && items.get(4) instanceof Long numElements
        && numElements >= 0) {
      return new Storage(dtype, key, numElements);
    }
    throw refused("its pickle has a persistent id that is not a storage of f32, f16 or bf16");
  }

  private void reduce() {
    List<Object> arguments = pop(Tuple.class, "the arguments of a call").items();
    Object callee = pop();
    if (callee == Function.ORDERED_DICT && arguments.isEmpty()) {
      push(new Dictionary(new LinkedHashMap<>()));
    } else if (callee == Function.REBUILD_TENSOR) {
      push(view(arguments));
    } else {
      throw refused("its pickle calls something that makes neither a tensor nor a dictionary");
    }
  }

  private View view(List<Object> arguments) {
    if (arguments.size() >= 6
        && arguments.get(0) instanceof Storage storage
        && arguments.get(1) instanceof Long offset
        && arguments.get(2) instanceof Tuple sizes
        && arguments.get(3) instanceof Tuple strides) {
      return new View(storage, offset, longs(sizes), longs(strides));
    }
    throw refused("its pickle builds a tensor from values of other kinds than torch.save's");
  }

  private long[] longs(Tuple tuple) {
    if (tuple.items().size() > MAX_AXES) {
      throw refused(
          "its pickle has a tensor of %d axes, at most %d are read"
              .formatted(tuple.items().size(), MAX_AXES));
    }
    long[] values = new long[tuple.items().size()];
    for (int i = 0; i < values.length; i++) {
      if (!(tuple.items().get(i) instanceof Long value)) {
        throw refused("its pickle has a size or stride that is not an integer");
      }
      values[i] = value;
    }
    return values;
  }

  private void putAll(List<Object> keysAndValues) {
    if (!(top() instanceof Dictionary dictionary) || keysAndValues.size() % 2 != 0) {
      throw refused("its pickle sets an item of something that is not a dictionary");
    }
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      if (!(keysAndValues.get(i) instanceof String name)) {
        throw refused("its pickle has a dictionary whose keys are not all texts");
      }
      if (dictionary.items().putIfAbsent(name, keysAndValues.get(i + 1)) != null) {
        throw refused("its pickle has the name '%s' twice".formatted(name));
      }
    }
  }

  /// A module's dictionary carries the versions of its parts as attributes, which are not needed.
  private void build() {
    pop(Dictionary.class, "the attributes of a dictionary");
    if (!(top() instanceof Dictionary)) {
      throw refused("its pickle sets attributes of something that is not a dictionary");
    }
  }

  private SequencedMap<String, View> tensors(Object value) {
    if (!(value instanceof Dictionary dictionary)) {
      throw refused("its pickle does not hold a dictionary of tensors");
    }
    SequencedMap<String, View> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, Object> item : dictionary.items().entrySet()) {
      if (!(item.getValue() instanceof View view)) {
        throw refused("its '%s' is not a tensor".formatted(item.getKey()));
      }
      tensors.put(item.getKey(), view);
    }
    return tensors;
  }

  private void push(Object value) {
    if (stack.size() == MAX_STACK) {
      throw refused("its pickle stacks more than %d values".formatted(MAX_STACK));
    }
    stack.add(value);
  }

  private Object top() {
    if (stack.isEmpty() || stack.getLast() == MARK) {
      throw refused(
          "its pickle takes a value at byte %d where there is none".formatted(in.position()));
    }
    return stack.getLast();
  }

  private Object pop() {
    Object value = top();
    stack.removeLast();
    return value;
  }

  private <T> T pop(Class<T> kind, String what) {
    Object value = pop();
    if (!kind.isInstance(value)) {
      throw refused("its pickle has %s of the wrong kind".formatted(what));
    }
    return kind.cast(value);
  }

  private List<Object> popLast(int count) {
    Object[] values = new Object[count];
    for (int i = count - 1; i >= 0; i--) {
      values[i] = pop();
    }
    return List.of(values);
  }

  private List<Object> popToMark() {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw refused(
          "its pickle closes a tuple at byte %d that none opens".formatted(in.position()));
    }
    List<Object> above = stack.subList(mark + 1, stack.size());
    List<Object> values = List.copyOf(above);
    above.clear();
    stack.removeLast();
    return values;
  }

  private IllegalArgumentException refused(String fact) {
    return new IllegalArgumentException("%s: %s; fetch it again".formatted(source, fact));
  }
}
