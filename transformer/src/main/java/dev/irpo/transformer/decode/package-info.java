/// The decode program: sampling many responses at once from a key-value cache.
///
/// A fixed number of slots each hold one response in progress. One run of the program takes the
/// newest token of every busy slot, and beside them the next rows of prompts that are being read in
/// (prefill); it stores their keys and values, and draws tokens from the logits of those rows that
/// need them:
///
/// ```text
/// prompt regions   [ x₁ … x_n ]  computed once, shared by all samples of the prompt
/// slot regions     [ y₁ y₂ … ]   one sample's own tokens; attention reads prompt region, then its own
/// ```
///
/// The program also sums the softmax weights of each block of 64 tokens, so that drawing a token
/// reads one number per block and the logits of one block. The logits stay in the program: tokens
/// and their log-probabilities are what it gives. The run that reads a prompt's last token draws
/// the first tokens of its samples, which wait for their slots. A slot whose sample ends takes the
/// next sample before the following run; a prompt's region is free when its last sample ended.
///
/// Random numbers are a function of (seed, iteration, problem, sample, token), and a row's logits
/// depend on its own sequence alone, so a response does not depend on how many slots there were or
/// what ran beside it.
package dev.irpo.transformer.decode;
