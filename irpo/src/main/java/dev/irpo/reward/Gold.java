package dev.irpo.reward;

import java.util.List;

/// What a response is compared with.
///
/// @param answer the known answer
/// @param options the texts that a letter stands for, A first; empty where a question has none or
///   they are not known
public record Gold(String answer, List<String> options) {}
