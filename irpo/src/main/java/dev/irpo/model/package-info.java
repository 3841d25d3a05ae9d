/// A language model as the commands use it: configuration, parameters, tokenizer and stop tokens in
/// one.
///
/// [dev.irpo.model.LanguageModel] opens any stored format and saves model folders.
/// [dev.irpo.model.TextRules] turns texts into ids and back, for every command alike.
/// [dev.irpo.model.Backends] finds what computes; [dev.irpo.model.RandomWeights] and
/// [dev.irpo.model.PublishedModels] make models to measure with.
package dev.irpo.model;
