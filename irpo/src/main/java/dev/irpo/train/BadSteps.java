package dev.irpo.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.StringJoiner;

/// The loss or the gradient of several steps in a row is not finite, so that a training stops.
final class BadSteps extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final transient StepMetrics last;
  private final transient List<SequencedMap<String, Object>> batch;

  /// @param last of the steps
  /// @param batch of that step, an object for each example as `irpo train` and `irpo sft` read them
  BadSteps(StepMetrics last, List<SequencedMap<String, Object>> batch) {
    super(fact(last));
    this.last = last;
    this.batch = List.copyOf(batch);
  }

  private static String fact(StepMetrics last) {
    return "step %d is the last of %.0f in a row without a finite loss and gradient (loss %s, gradient norm %s; train.maxBadSteps)"
        .formatted(
            last.step(),
            last.get(Training.BAD_STEPS),
            last.get("loss"),
            last.get(Training.GRAD_NORM));
  }

  /// Writes the batch as `bad-step-N.jsonl`.
  ///
  /// @return what to tell the user
  IllegalArgumentException saved(Path folder) throws IOException {
    Path file = folder.resolve("bad-step-%d.jsonl".formatted(last.step()));
    StringJoiner lines = new StringJoiner("\n", "", "\n");
    for (SequencedMap<String, Object> example : batch) {
      lines.add(MAPPER.writeValueAsString(example));
    }
    AtomicFiles.writeFile(file, temporary -> Files.writeString(temporary, lines.toString()));
    return new IllegalArgumentException(
        "%s: %s; what it was to learn from is in this file: look into it and at the model, or train with a lower optimizer.learningRate into another --out"
            .formatted(file, getMessage()),
        this);
  }
}
