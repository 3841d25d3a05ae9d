package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.distributed.Pending;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.lang.foreign.MemorySegment;

/// Processes give each other the parameters that they update, in single precision or rounded to 16
/// bits, in which programs then read them in every process.
///
/// What was rounded needs no other memory: it is gathered in the upper half of where it belongs,
/// and widened from the first element to the last; unless programs read 16 bits, as they come.
///
/// ```text
/// values   ░░░░░░░░ ab cd ef gh      own range narrowed, others gathered
///          aaaa bb░ ab cd ef gh      widened so far: a, the half of b
///          aaaa bbbb cccc dddd …     an element is written after it was read
/// ```
///
/// @param type F32, BF16 or F16
record ParameterGather(Group group, DType type) {
  /// Starts it.
  ///
  /// @param own this process's range, in single precision
  /// @param values of all ranges, written; in single precision or in the type
  Pending start(Buffer own, Buffer values, Partition partition) {
    if (!type.isHalf()) {
      values.slice(partition.start(group.rank()), partition.length(group.rank())).copyFrom(own);
      return group.startAllGather(values.segment(), Element.F32, partition);
    }
    Element element = type == DType.BF16 ? Element.BF16 : Element.F16;
    MemorySegment all = values.segment();
    if (values.dtype() == type) {
      HalfPrecision.narrow(type, own.segment(), partition.range(all, element, group.rank()));
      return group.startAllGather(all, element, partition);
    }
    MemorySegment upper = all.asSlice(all.byteSize() / 2);
    HalfPrecision.narrow(type, own.segment(), partition.range(upper, element, group.rank()));
    return new Widening(group.startAllGather(upper, element, partition), type, upper, all);
  }

  /// What was gathered, and is yet to be widened.
  private record Widening(Pending gathered, DType type, MemorySegment upper, MemorySegment all)
      implements Pending {
    @Override
    public void await() {
      gathered.await();
      HalfPrecision.widen(type, upper, all);
    }

    @Override
    public boolean isDone() {
      return gathered.isDone();
    }
  }
}
