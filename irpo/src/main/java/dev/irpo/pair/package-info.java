/// Preference pairs: of each prompt's graded responses, a winner beside a loser (arXiv:2404.19733,
/// section 2).
///
/// ```text
/// winners: reward ≥ pairs.winnerReward, and the gold solution      losers: all others
/// pair i = (winners[i mod W], losers[i mod L])                     i = 0 … K−1
/// ```
///
/// A pair carries ln M_t of both responses, so the reference model is not needed in training.
/// [dev.irpo.pair.PairBuilder] makes them or says why a prompt gives none; [dev.irpo.pair.PairDraw]
/// keeps a random part where there are more than wanted.
package dev.irpo.pair;
