package dev.irpo.provenance;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.irpo.plan.Machine;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/// A start of the program that worked in a folder: a line of `starts.jsonl`. Of several processes
/// the first one describes itself.
///
/// @param time when it began to work, UTC in ISO 8601, to the second
/// @param version of the program, or [ProgramVersion#NOT_FROM_THE_JAR]
/// @param java version and vendor of the Java runtime
/// @param system name, version and architecture of the operating system
/// @param processor its model as the operating system names it
/// @param cores that the process may use
/// @param memoryBytes of the machine, or what the container may use of it
/// @param processes that worked together, 1 or more
/// @param backend what computed; a device with its name
@JsonIgnoreProperties(ignoreUnknown = true) // a later version may note more
public record ProgramStart(
    String time,
    String version,
    String java,
    String system,
    String processor,
    int cores,
    long memoryBytes,
    int processes,
    String backend) {
  /// This process, now.
  ///
  /// @param processes that work together
  /// @param backend as [dev.irpo.model.Backends#describe] says it
  public static ProgramStart now(int processes, String backend) {
    return new ProgramStart(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        ProgramVersion.text(),
        "%s, %s".formatted(Runtime.version(), System.getProperty("java.vendor")),
        "%s %s, %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")),
        Machine.processorModel().orElse("not known"),
        Runtime.getRuntime().availableProcessors(),
        Machine.memoryBytes(),
        processes,
        backend);
  }

  /// The processor with its cores and the memory.
  public String machine() {
    return String.format(
        Locale.ROOT, "%s, %d cores, %.1f GB", processor, cores, memoryBytes / (double) (1L << 30));
  }
}
