/// A whole run: iterations from M_0 to M_T, in a folder from which an interrupted run resumes.
///
/// [dev.irpo.run.IterationLoop] is the paper's figure 1: sample, grade, pair, train, choose. Every
/// stage writes its files under a temporary name and renames them when they are whole, so what is
/// there is finished, and the same command after an interruption ends in the same bytes
/// ([dev.irpo.run.RunFolder]).
package dev.irpo.run;
