package dev.irpo.cli;

import dev.irpo.checkpoints.model.NearestName;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
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
    boolean isAskedFor = argument == null && mistake.getValue() != null; // by `irpo help NAME`
    return isAskedFor ? unmatched(mistake.getValue(), command) : mistake.getMessage();
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
    Optional<String> nearest = NearestName.of(word, known);
    return nearest.map(name -> "; the nearest is " + name).orElse("");
  }
}
