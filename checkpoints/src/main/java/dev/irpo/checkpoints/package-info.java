/// Models, optimizer state and run data as files: named tensors and typed tables, no architecture.
///
/// [ModelFormats#open] opens a model whatever its format. A format is one implementation of
/// [ModelFormat][dev.irpo.checkpoints.model.ModelFormat], in a package of its own, and a line in
/// the list of [ModelFormats]:
///
/// ```text
/// arrow         a converted folder, which this program writes: weights and optimizer state
/// huggingface   config.json and safetensors; read and written
/// meta          params.json and consolidated.NN.pth; read, by way of torch
/// gguf          a file with a Llama and its tokenizer; read
/// llama2c       a .bin of version 0; read
///
/// model         what all of them share: the contract of a format, an opened model, its tensors
/// torch         the zip archives and pickles of torch.save
/// table         rows of a run (rollouts, pairs) as Arrow files
/// files         files that appear whole or not at all, checksums, manifests, memory maps
/// ```
///
/// What a user can get wrong is an [IllegalArgumentException] or [java.io.IOException] of one line.
package dev.irpo.checkpoints;
