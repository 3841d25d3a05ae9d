/// Models as other programs load them.
///
/// [dev.irpo.export.ExportSource] is a stored model with its tokenizer.
/// [dev.irpo.export.HuggingFaceExport] adds to a folder's weights what loaders look for and the
/// source may lack: a `tokenizer.json`, special tokens by name, defaults of generation, a model
/// card. [dev.irpo.export.GgufExport] says the same in the metadata of one file, as llama.cpp reads
/// it.
package dev.irpo.export;
