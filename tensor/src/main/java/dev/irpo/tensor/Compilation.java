package dev.irpo.tensor;

import java.util.Map;

/// All that a backend is given to compile a program.
///
/// @param variables a buffer for each variable of the graph, by name
public record Compilation(Graph graph, Map<String, Buffer> variables, CompileOptions options) {}
