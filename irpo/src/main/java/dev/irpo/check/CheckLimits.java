package dev.irpo.check;

/// How much a check does.
///
/// @param rows of a micro-batch that kernels are compared with; from 256 on all forms of products
///   use the library that they have
/// @param slots of a decode step that kernels are compared with
/// @param referenceFlops of a kernel on the reference, at most
/// @param narrowWidth of the products that are compared with all rows where the model's are too
///   wide for that
/// @param bytes of a kernel's arguments, at most
/// @param timedRows of a micro-batch that is timed
/// @param timedSlots of a decode step that is timed
/// @param kernelTime that a kernel is timed for
/// @param stepTime that a whole step is timed for
/// @param stepBytes of weights, gradients and moments of the model whose steps are timed, at most
public record CheckLimits(
    int rows,
    int slots,
    double referenceFlops,
    int narrowWidth,
    double bytes,
    int timedRows,
    int timedSlots,
    MedianTime.Limits kernelTime,
    MedianTime.Limits stepTime,
    double stepBytes) {
  /// A minute for the kernels of the demo's model on two cores, three minutes for everything; the
  /// memory is below the 4 GB that TornadoVM takes unless told otherwise.
  public static final CheckLimits STANDARD =
      new CheckLimits(
          264,
          16,
          1e9,
          256,
          1.2e9,
          2048,
          64,
          new MedianTime.Limits(2, 0.3),
          new MedianTime.Limits(8, 4),
          2e9);
}
