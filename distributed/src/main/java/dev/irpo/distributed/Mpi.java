package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

/// The functions of MPI that groups use, each checked for errors. All are called by one thread.
///
/// Addresses and handles are `long`; counts are `int`, as in MPI 3. Functions that begin with `i`
/// only start something, and write a request's handle.
///
/// Source: MPI: A Message-Passing Interface Standard, version 3.1, https://www.mpi-forum.org.
final class Mpi {
  private static final long FUNNELED = 1;
  private static final long LONGEST_VERSION = 8192;
  private static final long LONGEST_NAME = 1024;

  /// Parameters of a function, one letter each: an address, a handle, an int.
  private static final char ADDRESS = 'a';

  private static final char HANDLE = 'h';

  private final NativeLibrary library;
  private final MpiAbi abi;
  private final long byteType;
  private final NativeFunction errorString;
  private final NativeFunction test;
  private final NativeFunction iprobe;
  private final NativeFunction barrier;
  private final NativeFunction broadcast;
  private final NativeFunction send;
  private final NativeFunction receive;
  private final MemorySegment flag = Arena.ofAuto().allocate(JAVA_INT);

  private Mpi(NativeLibrary library, MpiAbi abi) {
    this.library = library;
    this.abi = abi;
    byteType = abi.byteType();
    errorString = bind("MPI_Error_string", "iaa");
    test = bind("MPI_Testall", "iaaa");
    iprobe = bind("MPI_Iprobe", "iihaa");
    barrier = bind("MPI_Ibarrier", "ha");
    broadcast = bind("MPI_Ibcast", "aihiha");
    send = bind("MPI_Isend", "aihiiha");
    receive = bind("MPI_Irecv", "aihiiha");
  }

  /// The functions of a loaded library, which is then initialised: this process joins the job.
  ///
  /// @throws GroupFailure if the library is of no known family, or says no
  static Mpi join(NativeLibrary library) {
    Mpi mpi = new Mpi(library, MpiAbi.of(library, version(library)));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment provided = arena.allocate(JAVA_INT);
      mpi.call("MPI_Init_thread", "aaia", 0, 0, FUNNELED, provided.address());
      if (provided.get(JAVA_INT, 0) < FUNNELED) {
        throw new GroupFailure(library.name() + " was built without threads (MPI_THREAD_FUNNELED)");
      }
    }
    mpi.call("MPI_Comm_set_errhandler", "hh", mpi.world(), mpi.abi.errorsReturn());
    return mpi;
  }

  private static String version(NativeLibrary library) {
    NativeFunction function =
        new NativeFunction(
            "MPI_Get_library_version",
            library.require("MPI_Get_library_version"),
            JAVA_LONG,
            JAVA_LONG);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_VERSION);
      function.call(text.address(), arena.allocate(JAVA_INT).address());
      return text.getString(0).lines().findFirst().orElse("").strip();
    }
  }

  private NativeFunction bind(String name, String parameters) {
    MemoryLayout[] layouts =
        parameters
            .chars()
            .mapToObj(parameter ->
                switch (parameter) {
                  case ADDRESS -> JAVA_LONG;
                  case HANDLE -> abi.handle();
                  default -> JAVA_INT;
                })
            .toArray(MemoryLayout[]::new);
    return new NativeFunction(name, library.require(name), layouts);
  }

  /// A function that is called now and then.
  private void call(String name, String parameters, long... arguments) {
    check(bind(name, parameters), arguments);
  }

  private void check(NativeFunction function, long... arguments) {
    int error = function.call(arguments);
    if (error != 0) {
      throw new GroupFailure("%s failed: %s".formatted(function.name(), message(error)));
    }
  }

  private String message(int error) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_NAME);
      MemorySegment length = arena.allocate(JAVA_INT);
      int failed = errorString.call(error, text.address(), length.address());
      return failed == 0
          ? text.getString(0).lines().findFirst().orElse("").strip()
          : "error " + error;
    }
  }

  String libraryName() {
    return library.name();
  }

  MpiAbi abi() {
    return abi;
  }

  long world() {
    return abi.world();
  }

  int rank(long communicator) {
    return numberOf("MPI_Comm_rank", communicator);
  }

  int size(long communicator) {
    return numberOf("MPI_Comm_size", communicator);
  }

  private int numberOf(String name, long communicator) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(JAVA_INT);
      call(name, "ha", communicator, number.address());
      return number.get(JAVA_INT, 0);
    }
  }

  String host() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_NAME);
      call("MPI_Get_processor_name", "aa", text.address(), arena.allocate(JAVA_INT).address());
      return text.getString(0);
    }
  }

  /// A communicator of the ranks with the same color; it waits for all ranks.
  long split(long communicator, int color, int key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_LONG);
      call("MPI_Comm_split", "hiia", communicator, color, key, handle.address());
      return abi.read(handle, 0);
    }
  }

  /// A communicator of the same ranks, whose messages meet no others; it waits for all ranks.
  long duplicate(long communicator) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_LONG);
      call("MPI_Comm_dup", "ha", communicator, handle.address());
      return abi.read(handle, 0);
    }
  }

  /// Leaves the job; it waits for all ranks.
  void leave() {
    call("MPI_Finalize", "");
  }

  /// Ends the job, this process among the others.
  void abort(int exitCode) {
    call("MPI_Abort", "hi", world(), exitCode);
  }

  /// Whether `count` requests are done, after they have been helped on.
  boolean test(int count, MemorySegment requests) {
    check(test, count, requests.address(), flag.address(), abi.statusIgnore());
    return flag.get(JAVA_INT, 0) != 0;
  }

  /// Lets the library do what other ranks need of it.
  void progress() {
    check(iprobe, abi.anySource(), 0, world(), flag.address(), abi.statusIgnore());
  }

  void ibarrier(long communicator, long request) {
    check(barrier, communicator, request);
  }

  void ibroadcast(MemorySegment bytes, int root, long communicator, long request) {
    check(broadcast, bytes.address(), count(bytes), byteType, root, communicator, request);
  }

  void isend(MemorySegment bytes, int to, int tag, long communicator, long request) {
    move(send, bytes, to, tag, communicator, request);
  }

  /// @param from a rank, or [MpiAbi#anySource]
  void ireceive(MemorySegment bytes, int from, int tag, long communicator, long request) {
    move(receive, bytes, from, tag, communicator, request);
  }

  private void move(
      NativeFunction way,
      MemorySegment bytes,
      int other,
      int tag,
      long communicator,
      long request) {
    check(way, bytes.address(), count(bytes), byteType, other, tag, communicator, request);
  }

  private static int count(MemorySegment bytes) {
    return Math.toIntExact(bytes.byteSize());
  }
}
