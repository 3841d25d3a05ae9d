package dev.irpo.distributed;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What the header `mpi.h` of a library defines and its symbols do not tell: the size of handles,
/// and constants. Handles are `long` here.
///
/// Libraries come in two families. Their constants have been the same since Open MPI 1.3 and MPICH
/// 3.1 and can't change without breaking compiled programs.
sealed interface MpiAbi {
  /// Which one a loaded library has.
  ///
  /// @param version what `MPI_Get_library_version` says
  /// @throws GroupFailure if it is of neither family
  static MpiAbi of(NativeLibrary library, String version) {
    if (library.find("ompi_mpi_comm_world").isPresent()) {
      return new OpenMpi(library);
    }
    for (String name : new String[] {"MPICH", "MVAPICH", "Intel"}) {
      if (version.contains(name)) {
        return new Mpich();
      }
    }
    throw new GroupFailure(
        "%s is \"%s\", neither Open MPI nor of MPICH's family; set %s to one of these"
            .formatted(library.name(), version, MpiLibrary.VARIABLE));
  }

  /// How C passes a handle.
  MemoryLayout handle();

  /// Reads a handle.
  long read(MemorySegment handles, long index);

  /// `MPI_COMM_WORLD`.
  long world();

  /// `MPI_ERRORS_RETURN`.
  long errorsReturn();

  /// `MPI_STATUS_IGNORE` and `MPI_STATUSES_IGNORE`.
  long statusIgnore();

  /// `MPI_ANY_SOURCE`.
  int anySource();

  /// `MPI_BYTE`.
  long byteType();

  /// Open MPI: handles are addresses of objects, which the library exports.
  ///
  /// Source: `ompi/include/mpi.h.in` of Open MPI 4.1 and 5.0.
  record OpenMpi(NativeLibrary library) implements MpiAbi {
    private long object(String name) {
      return library.require("ompi_mpi_" + name).address();
    }

    @Override
    public MemoryLayout handle() {
      return ValueLayout.JAVA_LONG;
    }

    @Override
    public long read(MemorySegment handles, long index) {
      return handles.getAtIndex(ValueLayout.JAVA_LONG, index);
    }

    @Override
    public long world() {
      return object("comm_world");
    }

    @Override
    public long errorsReturn() {
      return object("errors_return");
    }

    @Override
    public long statusIgnore() {
      return 0;
    }

    @Override
    public int anySource() {
      return -1;
    }

    @Override
    public long byteType() {
      return object("byte");
    }
  }

  /// MPICH and what is built on it (Intel MPI, MVAPICH, Cray): handles are numbers.
  ///
  /// Source: `src/include/mpi.h.in` of MPICH 4.0, and the MPICH ABI compatibility initiative,
  /// https://www.mpich.org/abi.
  record Mpich() implements MpiAbi {
    @Override
    public MemoryLayout handle() {
      return ValueLayout.JAVA_INT;
    }

    @Override
    public long read(MemorySegment handles, long index) {
      return handles.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    @Override
    public long world() {
      return 0x44000000;
    }

    @Override
    public long errorsReturn() {
      return 0x54000001;
    }

    @Override
    public long statusIgnore() {
      return 1;
    }

    @Override
    public int anySource() {
      return -2;
    }

    @Override
    public long byteType() {
      return 0x4c00010d;
    }
  }
}
