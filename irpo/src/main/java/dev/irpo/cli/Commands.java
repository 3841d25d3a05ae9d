package dev.irpo.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;

/// The commands there are, in the sections that help shows: what somebody wants to do.
enum Commands {
  TRY("Try it", DemoCommand.class),
  TRAIN("Train", RunCommand.class, TrainCommand.class, SftCommand.class, ExperimentCommand.class),
  PLAN(
      "Plan a run",
      PlanCommand.class,
      RooflineCommand.class,
      ConfigCommand.class,
      DevicesCommand.class,
      CheckCommand.class),
  USE(
      "Use and measure a model",
      SampleCommand.class,
      ScoreCommand.class,
      EvalCommand.class,
      GradeCommand.class,
      TokenizeCommand.class),
  KEEP(
      "Read and write models and runs",
      ConvertCommand.class,
      ExportCommand.class,
      InspectCommand.class,
      ReportCommand.class,
      WatchCommand.class,
      SynthesizeCommand.class,
      BaseModelCommand.class),
  HELP("Help", CommandLine.HelpCommand.class);

  private final String heading;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<Class<?>> commands;

  Commands(String heading, Class<?>... commands) {
    this.heading = heading;
    this.commands = List.of(commands);
  }

  /// All commands.
  static List<Class<?>> all() {
    List<Class<?>> all = new ArrayList<>();
    for (Commands section : values()) {
      all.addAll(section.commands);
    }
    return all;
  }

  /// The name by which a command is called.
  static String name(Class<?> command) {
    return command.getAnnotation(Command.class).name();
  }

  /// The list of commands in the help of the program, by sections.
  static String list(Help help) {
    StringBuilder list = new StringBuilder();
    for (Commands section : values()) {
      Map<String, Help> shown = new LinkedHashMap<>();
      for (Class<?> command : section.commands) {
        shown.put(name(command), help.subcommands().get(name(command)));
      }
      list.append('\n').append(section.heading).append(":\n").append(help.commandList(shown));
    }
    return list.toString();
  }
}
