package dev.irpo.cli;

import dev.irpo.setting.Spelling;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Says what somebody probably meant by a word on the command line that nothing has as its name.
final class Misspelling {
  private Misspelling() {}

  /// What is wrong with the command line, with the nearest command, option or value where a word
  /// was not known.
  static String describe(ParameterException mistake) {
    CommandLine command = mistake.getCommandLine();
    List<String> unmatched =
        command.getUnmatchedArguments(); // before what is missing: it may be it
    if (!unmatched.isEmpty()) {
      return unmatched(unmatched.getFirst(), command);
    }
    ArgSpec argument = mistake.getArgSpec();
    boolean isChoice = argument != null && argument.completionCandidates() != null;
    if (isChoice && mistake.getValue() != null) {
      List<String> choices =
          StreamSupport.stream(argument.completionCandidates().spliterator(), false).toList();
      return mistake.getMessage() + nearest(mistake.getValue(), choices);
    }
    if (mistake instanceof MissingParameterException) {
      return configured(command).map(text -> text + "; also: ").orElse("") + mistake.getMessage();
    }
    boolean isAskedFor = argument == null && mistake.getValue() != null; // by `irpo help NAME`
    return isAskedFor ? unmatched(mistake.getValue(), command) : mistake.getMessage();
  }

  /// What is wrong with the keys and values that were given, which somebody who left out an option
  /// wants to know too, and which is named first because it takes longer to see.
  private static Optional<String> configured(CommandLine command) {
    for (CommandSpec mixin : command.getCommandSpec().mixins().values()) {
      if (mixin.userObject() instanceof ConfigOptions options) {
        try {
          options.load();
        } catch (IllegalArgumentException | IOException mistake) {
          return Optional.of(mistake.getMessage());
        }
      }
    }
    return Optional.empty();
  }

  private static String unmatched(String word, CommandLine command) {
    if (word.startsWith("-")) {
      String name = word.replaceFirst("=.*", "");
      return "there is no option "
          + name
          + nearest(name, command.getCommandSpec().optionsMap().keySet());
    }
    Collection<String> subcommands = command.getSubcommands().keySet();
    return subcommands.isEmpty()
        ? "unexpected argument '%s'".formatted(word)
        : "there is no command '%s'".formatted(word) + nearest(word, subcommands);
  }

  private static String nearest(String word, Collection<String> known) {
    Optional<String> nearest = Spelling.nearest(word, known);
    return nearest.map(name -> "; the nearest is " + name).orElse("");
  }
}
