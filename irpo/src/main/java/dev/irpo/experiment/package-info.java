/// Comparisons of methods: many runs that differ in what an experiment's file says, and the tables
/// that are made of their accuracies.
///
/// ```text
/// recipe     how a model is made: settings of a run, and what it starts from
/// protocol   settings that all recipes have in common, or how each gets its own
/// draw       a seed: of the problems, of the rollouts, of the order of pairs
/// ```
///
/// Each (draw, recipe, settings) is an ordinary run folder, so that everything of a run holds for
/// it: it resumes, is checked, and can be looked at. What runs have in common, the first
/// iteration's rollouts and pairs and M_0's accuracy, is computed once and linked.
package dev.irpo.experiment;
