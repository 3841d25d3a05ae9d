package dev.irpo.cli;

import dev.irpo.tensor.device.DeviceFailure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/// The program `irpo`.
///
/// Standard output carries results, JSON Lines where a command says so; logs, bars and errors go to
/// standard error. A user's mistake is one line there and exit code 2; anything else that goes
/// wrong is a stack trace and exit code 1.
@Command(
    name = "irpo",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Iterative Reasoning Preference Optimization (arXiv 2404.19733) on the JVM.")
public final class Main {
  private static final List<Class<?>> COMMANDS =
      List.of(
          DemoCommand.class,
          RunCommand.class,
          TrainCommand.class,
          SftCommand.class,
          EvalCommand.class,
          SampleCommand.class,
          ScoreCommand.class,
          GradeCommand.class,
          TokenizeCommand.class,
          ConvertCommand.class,
          ExportCommand.class,
          InspectCommand.class,
          SynthesizeCommand.class,
          DevicesCommand.class,
          RooflineCommand.class,
          PlanCommand.class,
          ConfigCommand.class,
          BaseModelCommand.class,
          CommandLine.HelpCommand.class);

  /// Exit code of a user's mistake.
  static final int MISTAKE = 2;

  /// Exit code of anything else.
  static final int FAILURE = 1;

  private Main() {}

  /// Runs a command line and exits with its code.
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (!Relaunch.hasFlags()) {
      System.exit(Relaunch.run(List.of(arguments)));
    }
    Relaunch.followParent();
    System.exit(execute(arguments));
  }

  /// Runs a command line and returns its exit code.
  static int execute(String... arguments) {
    CommandLine program = new CommandLine(new Main());
    commandsFor(arguments).forEach(program::addSubcommand);
    return program
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Main::parameterMistake)
        .setExecutionExceptionHandler(Main::failure)
        .execute(arguments);
  }

  /// The one command that is named, since reading the options of all takes longer than most need;
  /// none for the version, all for help and mistakes.
  private static List<Class<?>> commandsFor(String... arguments) {
    String first = arguments.length == 0 ? "" : arguments[0];
    if (first.equals("--version")) {
      return List.of();
    }
    List<Class<?>> named =
        COMMANDS.stream()
            .filter(command -> command.getAnnotation(Command.class).name().equals(first))
            .toList();
    return named.isEmpty() || first.equals("help") ? COMMANDS : named;
  }

  private static int parameterMistake(ParameterException e, String[] arguments) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    String fact = oneLine(e.getMessage());
    e.getCommandLine().getErr().println("irpo: %s; see '%s --help'".formatted(fact, command));
    return MISTAKE;
  }

  private static int failure(Exception e, CommandLine command, CommandLine.ParseResult parsed)
      throws Exception {
    if (e instanceof DeviceFailure && System.getenv("IRPO_DEBUG") == null) {
      command.getErr().println("irpo: " + oneLine(e.getMessage()));
      return FAILURE;
    }
    if (!(e instanceof IllegalArgumentException || e instanceof IOException)
        || System.getenv("IRPO_DEBUG") != null) {
      throw e;
    }
    command.getErr().println("irpo: " + oneLine(describe(e)));
    return MISTAKE;
  }

  /// The file system's exceptions carry the bare path where the JDK throws them.
  private static String describe(Exception e) {
    if (e instanceof FileSystemException file && file.getReason() == null) {
      String message = file.getMessage();
      boolean bare = message != null && message.equals(file.getFile()) && !message.contains(": ");
      if (bare && e instanceof NoSuchFileException) {
        return file.getFile() + ": there is no such file; check the path";
      }
      if (bare && e instanceof FileAlreadyExistsException) {
        return file.getFile() + ": exists already; choose another path";
      }
      if (bare) {
        return file.getFile() + ": cannot be used (" + e.getClass().getSimpleName() + ")";
      }
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
