/// Hugging Face's folders: `config.json`, one or several files of safetensors with an index, the
/// tokenizer's files.
package dev.irpo.checkpoints.huggingface;
