package dev.irpo.run;

import dev.irpo.task.Problem;
import java.util.List;

/// Problems that are sampled together.
///
/// @param first number of the first one; train problems are counted from 0, held-out ones go on
///   behind them, so that random numbers and rows of rollouts are each problem's own
/// @param files where their rollouts and pairs lie
/// @param stage what progress calls the sampling
record AskedProblems(List<Problem> problems, int first, RolloutFolder files, String stage) {}
