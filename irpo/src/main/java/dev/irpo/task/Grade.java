package dev.irpo.task;

import java.util.Optional;

/// What a grader found in a response.
///
/// @param extracted the answer in one canonical form, so that equal answers are equal texts
///   (majority votes count these); empty where no answer could be read
/// @param correct whether it equals the gold answer: the reward
/// @param answerText what the response says after its last `Final answer:`, as it stands; empty
///   where it says nothing
public record Grade(Optional<String> extracted, boolean correct, String answerText) {}
