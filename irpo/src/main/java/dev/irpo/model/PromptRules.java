package dev.irpo.model;

import java.util.List;

/// How the texts of a task's problems become ids: as they are ([TextRules]), or as turns of a chat
/// ([ChatRules]).
public interface PromptRules {
  /// Ids of a prompt.
  ///
  /// @throws IllegalArgumentException if it spells a control token
  int[] promptIds(String prompt);

  /// Ids of a response to learn from, with what ends it.
  ///
  /// @throws IllegalArgumentException if one of them spells a control token
  int[] finishedResponseIds(String prompt, String response);

  /// Tokens that end a response.
  List<Integer> stopIds();
}
