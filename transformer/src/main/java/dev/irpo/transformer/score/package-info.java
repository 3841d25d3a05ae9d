/// The score program: log-probabilities of given tokens.
///
/// Prompt and response go through the model in one forward pass, packed with others
/// ([dev.irpo.transformer.packing]); the result of a sequence is the sum of ln π of its response
/// tokens, to the bit what sampling recorded for the same tokens.
package dev.irpo.transformer.score;
