package dev.irpo.task;

import java.util.Optional;

/// A question with its known answer.
///
/// @param id unique within its task, the same from run to run
/// @param question the text that the prompt asks
/// @param answer the gold answer as the grader compares it, for instance `72`
/// @param goldSolution a chain of thought by the task's author without its final answer; empty
///   where the task has none
/// @param kind the kind of question, for tables by kind; empty where the task does not say
public record Problem(
    String id,
    String question,
    String answer,
    Optional<String> goldSolution,
    Optional<String> kind) {}
