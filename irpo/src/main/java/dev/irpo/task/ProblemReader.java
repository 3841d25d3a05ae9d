package dev.irpo.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Reads the problems of one published file or folder.
interface ProblemReader {
  /// All problems, in a fixed order.
  ///
  /// @param split `train`, `dev` or `test`, for ids of problems that have none
  /// @throws IOException if the file cannot be read
  /// @throws IllegalArgumentException if something in it is not a problem, or nothing is
  List<Problem> read(Path file, String split) throws IOException;
}
