/// What all formats of models share.
///
/// A [ModelFormat] reads a path into [ModelParts]: the content of config.json, tensors by name that
/// are views of memory maps, and perhaps a tokenizer. A [StoredModel] is that, opened. Everything
/// after this package sees Hugging Face's names and Hugging Face's order of rows: Meta's formats,
/// llama2.c and GGUF store the query and key projections for a RoPE that rotates neighbours (2i,
/// 2i+1), Hugging Face's rotates (i, i+D/2), so [HalfSplitRows] reorders their rows while they are
/// read. [JoinedParts] joins tensors that are split over several files in the same way, [FusedRows]
/// cuts those that some families have as one.
///
/// This module knows no tokenizers: they are passed on as files ([TokenizerFiles]), and one that is
/// inside a model's file ([EmbeddedTokenizer]) is converted to files by whoever opens the model.
package dev.irpo.checkpoints.model;
