/// A whole run: iterations from M_0 to M_T, in a folder from which an interrupted run resumes.
///
/// [dev.irpo.run.RunStages] is the paper's figure 1: sample, grade, pair, train, choose, a class a
/// stage; [dev.irpo.run.IterationLoop] runs those whose results are not there. Every stage writes
/// its files under a temporary name and renames them when they are whole, so what is there is
/// finished, and the same command after an interruption ends in the same bytes
/// ([dev.irpo.run.RunFolder]). A new stage is a class and a line in `RunStages`.
package dev.irpo.run;
