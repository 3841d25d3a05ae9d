package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `bin/irpo` of a distribution whose jar names the classes that are tested.
class LauncherTest {
  private static final String JAVA = System.getProperty("java.home");

  @TempDir private static Path root;

  @BeforeAll
  static void makeDistribution() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash");
    Path lib = Files.createDirectories(root.resolve("lib"));
    Path bin = Files.createDirectories(root.resolve("bin"));
    for (String script : List.of("irpo", "find-jdk")) {
      Files.copy(Path.of("..", "bin", script), bin.resolve(script));
    }
    assertTrue(bin.resolve("irpo").toFile().setExecutable(true));
    for (String name : List.of("jvm.flags", "tornado.flags")) {
      try (var flags = Main.class.getResourceAsStream(name)) {
        Files.copy(flags, lib.resolve(name));
      }
    }
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, Main.class.getName());
    attributes.put(
        Attributes.Name.CLASS_PATH,
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(path -> Path.of(path).toUri().toString())
            .collect(Collectors.joining(" ")));
    Path jar = lib.resolve("irpo.jar");
    new JarOutputStream(Files.newOutputStream(jar), manifest).close();
    Path cache = Files.createFile(lib.resolve("irpo.jar.aot")); // none, and none is to be made
    Files.setLastModifiedTime(
        cache, FileTime.fromMillis(Files.getLastModifiedTime(jar).toMillis() + 2000));
    Files.copy(Path.of(JAVA, "release"), lib.resolve("irpo.jar.aot.jdk"));
  }

  /// What a command line came to, with standard error in a file that has a line already.
  private static CommandLineRun run(String... arguments) throws Exception {
    Path out = Files.createTempFile(root, "out", "");
    Path err = Files.createTempFile(root, "err", "");
    Files.writeString(err, "before\n");
    List<String> command = new ArrayList<>(List.of(root.resolve("bin/irpo").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.appendTo(err.toFile()));
    builder.environment().put("JAVA_HOME", JAVA);
    builder.environment().keySet().removeAll(List.of("TORNADOVM_HOME", "IRPO_CLASS_PATH"));
    int code = builder.start().waitFor();
    return new CommandLineRun(code, Files.readString(out), Files.readString(err));
  }

  @Test
  void nothingButTheProgramsOwnLinesIsPrinted() throws Exception {
    CommandLineRun version = run("--version");
    assertEquals(0, version.code(), version.err());
    assertTrue(version.out().startsWith("irpo "), version.out());
    assertEquals("before\n", version.err());
    CommandLineRun mistake = run("inspect", "/nowhere");
    assertEquals(2, mistake.code());
    assertEquals("before\nirpo: /nowhere: there is no such model; check the path\n", mistake.err());
  }

  @Test
  void whatTheJvmSaysBeforeTheProgramRunsIsSeen() throws Exception {
    ProcessBuilder builder = new ProcessBuilder(root.resolve("bin/irpo").toString(), "--version");
    builder.environment().put("JAVA_HOME", JAVA);
    builder.environment().put("IRPO_JAVA_OPTIONS", "-XX:NoSuchOption");
    builder.environment().remove("TORNADOVM_HOME");
    String seen = errorsOf(1, builder);
    String plain = Path.of(JAVA, "bin", "java").toString();
    assertEquals(errorsOf(1, new ProcessBuilder(plain, "-XX:NoSuchOption")), seen);
  }

  /// Through a pipe, which ends when all that write to it have ended.
  private static String errorsOf(int code, ProcessBuilder builder) throws Exception {
    Process process = builder.start();
    String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(code, process.waitFor());
    return errors;
  }

  /// Before Maven is started, which would name an artifact that no user knows.
  @Test
  void anSdkOfAnotherVersionIsRefusedBeforeTheBuild() throws Exception {
    Path checkout = Files.createDirectories(root.resolve("checkout"));
    Path bin = Files.createDirectories(checkout.resolve("bin"));
    for (String script : List.of("irpo", "find-jdk")) {
      Files.copy(root.resolve("bin").resolve(script), bin.resolve(script));
    }
    Files.writeString(
        checkout.resolve("pom.xml"), "<tornado.version>5.2.0-jdk25</tornado.version>\n");
    Path sdk = Files.createDirectories(checkout.resolve("sdk"));
    Files.createFile(sdk.resolve("tornado-argfile"));
    ProcessBuilder builder = new ProcessBuilder(bin.resolve("irpo").toString(), "devices");
    builder.environment().put("JAVA_HOME", JAVA);
    builder.environment().put("TORNADOVM_HOME", sdk.toString());
    assertEquals(
        "irpo: %s/share/java/tornado/tornado-api-5.2.0-jdk25.jar does not exist; set TORNADOVM_HOME to a TornadoVM SDK of that version, or unset it\n"
            .formatted(sdk),
        errorsOf(2, builder));
  }

  @Test
  void theFlagsOfAnSdkThatWasMovedNameItsNewFolder() throws Exception {
    Path sdk = Files.createDirectories(root.resolve("an sdk"));
    Files.writeString(sdk.resolve("tornado-argfile"), "-XX:NoSuchOption=/where/it/was/made\n");
    Files.writeString(
        sdk.resolve("tornado-argfile.template"),
        "# flags\n-Dfirst=1 -XX:NoSuchOption=${TORNADOVM_HOME}/lib # its libraries\n");
    ProcessBuilder builder = new ProcessBuilder(root.resolve("bin/irpo").toString(), "--version");
    builder.environment().put("JAVA_HOME", JAVA);
    builder.environment().put("TORNADOVM_HOME", sdk.toString());
    String errors = errorsOf(1, builder);
    assertTrue(errors.contains("'NoSuchOption=" + sdk + "/lib'"), errors);
  }
}
