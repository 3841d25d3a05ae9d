package dev.irpo.report;

import java.util.List;

/// Some problems of a run.
///
/// @param run its number on the page
/// @param first number of the first of these among the run's problems
record Problems(int run, int first, List<ShownProblem> problems) {}
