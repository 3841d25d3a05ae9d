/// The `.bin` files of karpathy/llama2.c, version 0.
///
/// Seven integers of the shape, then all weights as float32 in one fixed order; names and tokenizer
/// are not in the file.
package dev.irpo.checkpoints.llama2c;
