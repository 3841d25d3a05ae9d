/// Weights and optimizer state as Arrow IPC files, which any Arrow library reads.
///
/// **A converted model** is a folder. It appears whole or not at all; while a stored model is being
/// converted it is `NAME.unfinished`, where the same command resumes an interrupted conversion
/// ([UnfinishedFolder][dev.irpo.checkpoints.files.UnfinishedFolder]):
///
/// ```text
/// config.json                       what Hugging Face calls config.json
/// tokenizer.model, tokenizer.json   whichever the source had, and tokenizer_config.json
/// weights-00001-of-00002.arrow      Arrow IPC files, all elements of one type in a file
/// weights-00002-of-00002.arrow
/// weights.index.json                {"weight_map": {tensor name: file}}, in the order of the source
/// manifest.json                     bytes and SHA-256 of every other file, computed while they are
///                                   written; written last
/// ```
///
/// **A part of a model** is such a folder with `base.json` in it, which names the model that has
/// the other tensors ([BaseModel]); training writes one where it trains some parameters alone.
///
/// **A weights file** has one column, `values`, and one record batch per tensor slice. The column
/// is Float32, Float64, Int32, HalfFloat (f16), UInt16 (bf16, which Arrow has no type for) or
/// FixedSizeBinary of 34 bytes (q8_0, [blocks][dev.irpo.tensor.DType#Q8_0] of 32 elements). The
/// schema's custom metadata names what lies where, so a reader needs nothing else:
///
/// ```text
/// irpo.tensors = [{"name": "lm_head.weight", "dtype": "bf16", "shape": [32000, 4096],
///                  "slices": [{"batch": 0, "offset": 0, "length": 131072000}]}, …]
/// ```
///
/// The canonical `arrow.fixed_shape_tensor` does not fit: it is a property of a column, the batches
/// of a file share one schema, and the tensors of a model differ in shape. It would also hold a
/// whole tensor as one row of a fixed-size list, whose width is a 32-bit number.
///
/// Arrow Java aligns buffers in a file to 8 bytes. These files are therefore laid out by this
/// package with Arrow's own flatbuffer classes, each buffer at a multiple of 64 bytes, so that a
/// memory map of the file *is* the tensor. A tensor of several slices is interrupted by batch
/// headers and has to be copied together to be multiplied; the limit of a slice is so high (2³⁰
/// elements) that this concerns only the embeddings of the very largest models. Memory while
/// converting and exporting does not depend on it.
///
/// **Optimizer state** ([OptimizerShards]) is AdamW's moments as one flattened vector
/// ([ShardLayout]), cut into contiguous ranges, a file each; where the weights are rounded, those
/// that it updates too.
package dev.irpo.checkpoints.arrow;
