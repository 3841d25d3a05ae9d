/// The score program: log-probabilities of given tokens.
package dev.irpo.transformer.score;
