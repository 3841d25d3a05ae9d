package dev.irpo.cli;

import dev.irpo.tensor.device.DeviceFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

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
public final class Main implements Runnable {
  /// Exit code of a user's mistake.
  static final int MISTAKE = 2;

  /// Exit code of anything else.
  static final int FAILURE = 1;

  @Spec private CommandSpec spec;

  /// Read by [LogFormat#choose] before; here for the help, and to refuse what is none.
  @Option(
      names = LogFormat.OPTION,
      scope = ScopeType.INHERIT,
      paramLabel = "text|json",
      description = "progress, warnings and errors as text or as an object of JSON a line")
  @SuppressWarnings("UnusedVariable") // picocli sets it
  private LogFormat logFormat;

  private Main() {}

  /// Without a command: the help.
  @Override
  public void run() {
    CommandLine program = spec.commandLine();
    program.usage(program.getOut());
  }

  /// Runs a command line and exits with its code.
  public static void main(String[] arguments) throws IOException, InterruptedException {
    LogFormat.choose(arguments);
    if (!Relaunch.hasFlags()) {
      if (Relaunch.isCutOff()) {
        ErrorLine.print(
            System.Logger.Level.ERROR,
            "this launcher reaches only the process that it starts, and java -jar starts"
                + " another; let it start bin/irpo, or java with the options of bin/irpo");
        System.exit(MISTAKE);
      }
      System.exit(Relaunch.run(List.of(arguments)));
    }
    Relaunch.followParent();
    IncubatorLine.endLauncherFilter();
    LogSetUp.plan();
    System.exit(execute(arguments));
  }

  /// Runs a command line and returns its exit code.
  static int execute(String... arguments) {
    LogFormat.choose(arguments);
    CommandLine program = new CommandLine(new Main());
    commandsFor(arguments).forEach(program::addSubcommand);
    if (program.getSubcommands().size() > 1) {
      program
          .getHelpSectionMap()
          .put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, help -> "");
      program.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, Commands::list);
    }
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
        Commands.all().stream().filter(command -> Commands.name(command).equals(first)).toList();
    return named.isEmpty() || first.equals("help") ? Commands.all() : named;
  }

  private static int parameterMistake(ParameterException e, String[] arguments) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    String fact = oneLine(Misspelling.describe(e));
    ErrorLine.print(System.Logger.Level.ERROR, "%s; see '%s --help'".formatted(fact, command));
    return MISTAKE;
  }

  private static int failure(Exception e, CommandLine command, CommandLine.ParseResult parsed)
      throws Exception {
    if (e instanceof DeviceFailure && System.getenv("IRPO_DEBUG") == null) {
      ErrorLine.print(System.Logger.Level.ERROR, oneLine(e.getMessage()));
      return FAILURE;
    }
    if (!(e instanceof IllegalArgumentException || e instanceof IOException)
        || System.getenv("IRPO_DEBUG") != null) {
      if (LogFormat.chosen() == LogFormat.JSON) {
        ErrorLine.printJson(e);
        return FAILURE;
      }
      throw e;
    }
    String fact = oneLine(describe(e));
    if (!fact.isEmpty()) { // else another process of the job tells it
      ErrorLine.print(System.Logger.Level.ERROR, fact);
    }
    return MISTAKE;
  }

  /// The file system's exceptions carry the bare path where the JDK throws them.
  static String describe(Exception e) {
    if (e instanceof FileSystemException file && file.getReason() == null) {
      String message = file.getMessage();
      boolean bare = message != null && message.equals(file.getFile()) && !message.contains(": ");
      if (bare && e instanceof NoSuchFileException) {
        return file.getFile() + ": there is no such file; check the path";
      }
      if (bare && e instanceof FileAlreadyExistsException) {
        return file.getFile() + ": exists already; choose another path";
      }
      if (bare && e instanceof AccessDeniedException) {
        return file.getFile()
            + ": access is denied; change its permissions, or choose another path";
      }
      if (bare) {
        return file.getFile() + ": cannot be used (" + e.getClass().getSimpleName() + ")";
      }
    }
    if (e instanceof FileSystemException file && file.getReason() != null) {
      return e.getMessage() + "; see to that, or choose another path";
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
