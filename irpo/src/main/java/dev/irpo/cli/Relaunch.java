package dev.irpo.cli;

import dev.irpo.plan.Machine;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Starts the program again with the JVM flags it needs when a plain `java -jar` left them out.
final class Relaunch {
  private static final String PARENT = "IRPO_PARENT_PROCESS";
  private static final int KILLED = 137;

  private Relaunch() {}

  /// Whether the running JVM has the vector module and lets Arrow into `java.nio`.
  static boolean hasFlags() {
    boolean vector = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return vector && Object.class.getModule().isOpen("java.nio", Relaunch.class.getModule());
  }

  /// Whether a relaunched JVM would be cut off from the launcher of an MPI job, whose open file
  /// (`PMI_FD`, of MPICH and its kin) a JVM does not leave to its children.
  static boolean isCutOff() {
    return System.getenv("PMI_FD") != null;
  }

  /// Runs the same program with all flags and returns its exit code.
  ///
  /// @throws IllegalStateException if this process was relaunched already
  static int run(List<String> arguments) throws IOException, InterruptedException {
    if (System.getenv(PARENT) != null) {
      throw new IllegalStateException("the JVM ignores its flags " + flags());
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags());
    command.add("-XX:MaxDirectMemorySize=" + Machine.memoryBytes() / 10 * 9); // tensors lie there
    command.addAll(tornadoFlags());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", classPath(), Main.class.getName()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).inheritIO().redirectError(ProcessBuilder.Redirect.PIPE);
    builder.environment().put(PARENT, Long.toString(ProcessHandle.current().pid()));
    Process process = builder.start();
    try (InputStream errors = process.getErrorStream()) {
      IncubatorLine.copyWithout(errors, System.err);
    }
    return process.waitFor();
  }

  /// Ends this process when the one that relaunched it dies, so that killing the first kills both.
  static void followParent() {
    var _ =
        Optional.ofNullable(System.getenv(PARENT))
            .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)))
            .map(parent -> parent.onExit().thenRun(() -> Runtime.getRuntime().halt(KILLED)));
  }

  /// The program, and the classes of the user's own that configuration may name.
  private static String classPath() {
    String own = System.getProperty("java.class.path");
    String users = System.getenv("IRPO_CLASS_PATH");
    return users == null || users.isEmpty() ? own : own + File.pathSeparator + users;
  }

  private static List<String> flags() {
    return lines("jvm.flags");
  }

  /// What TornadoVM's SDK asks for and what this program does, if there is an SDK. Its module path
  /// has the working folder in it, which would make a module of a jar that lies there.
  private static List<String> tornadoFlags() {
    String sdk = System.getenv("TORNADOVM_HOME");
    if (sdk == null) {
      return List.of();
    }
    List<String> flags = new ArrayList<>(lines("tornado.flags"));
    flags.addFirst("@" + Path.of(sdk, "tornado-argfile"));
    flags.addAll(List.of("--module-path", Path.of(sdk, "share/java/tornado").toString()));
    return flags;
  }

  private static List<String> lines(String name) {
    try (InputStream resource = Relaunch.class.getResourceAsStream(name)) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
