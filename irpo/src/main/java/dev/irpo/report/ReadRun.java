package dev.irpo.report;

import java.util.List;

/// A run as a page holds it.
///
/// @param data the numbers
/// @param problems those whose rollouts are shown
/// @param rollouts that are shown, of each training in [RunData#trainings]
record ReadRun(RunData data, List<ShownProblem> problems, List<ShownRollouts> rollouts) {}
