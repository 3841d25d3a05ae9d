/// The Llama 2 transformer: configuration, weights and forward pass.
///
/// A model is three things. [dev.irpo.transformer.LlamaConfig] holds its sizes and says which
/// parameters exist, [dev.irpo.transformer.Parameters] holds their values in one flat buffer, and
/// [dev.irpo.transformer.Llama] writes the forward pass into a graph. Three programs are made of
/// these, each in a package of its own, and all of them read the same weights:
///
/// - `score`: packed sequences → log-probability of each token;
/// - `train`: the same with gradients, clipping and AdamW;
/// - `decode`: sampling from a key-value cache.
///
/// Several processes can hold one model, each a slice of every layer: `parallel`.
///
/// `packing` fills the fixed number of rows of the first two with sequences, end to end. In all
/// three a row's result depends on the tokens of its own sequence alone, so on the `cpu` backend
/// they give the same bits for the same tokens.
package dev.irpo.transformer;
