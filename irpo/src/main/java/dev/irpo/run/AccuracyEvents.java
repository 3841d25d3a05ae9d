package dev.irpo.run;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.evaluate.PassRate;
import dev.irpo.events.EventRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// An evaluation as an events file for TensorBoard, with the iteration as its step. Each model has
/// a file of its own in one folder, which TensorBoard shows as one curve.
final class AccuracyEvents {
  private AccuracyEvents() {}

  /// Writes it, whole or not at all. The same evaluation gives the same bytes.
  static void write(Path file, int iteration, Evaluation evaluation) throws IOException {
    SequencedMap<String, Number> values = new LinkedHashMap<>();
    put(values, "greedy", evaluation.greedy());
    if (evaluation.majority() != null) {
      put(values, "majority", evaluation.majority());
      for (PassRate rate : evaluation.passAt()) {
        values.put("pass@" + rate.k(), rate.share());
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(EventRecords.version());
    bytes.writeBytes(EventRecords.scalars(iteration, values));
    AtomicFiles.writeFile(file, temporary -> Files.write(temporary, bytes.toByteArray()));
  }

  private static void put(SequencedMap<String, Number> values, String name, Accuracy accuracy) {
    values.put(name, accuracy.share());
    values.put(name + "StandardError", accuracy.standardError());
  }
}
