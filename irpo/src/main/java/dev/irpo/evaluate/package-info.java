/// Accuracy of a model on problems it was not trained on.
///
/// Two measures, as in the paper: that of the **greedy** response, and of the **majority** of N
/// sampled answers (maj@N). A response is right if it has the reward `evaluate.correctReward`,
/// which is the whole reward unless a configuration says otherwise; `pairs.winnerReward` plays no
/// part. Held-out problems choose a checkpoint; test problems are reported on and choose nothing.
package dev.irpo.evaluate;
