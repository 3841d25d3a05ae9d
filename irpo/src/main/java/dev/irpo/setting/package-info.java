/// How a record says what its components mean as keys of the configuration.
///
/// A record of settings stands in the package that uses it, or in `config`; `config` reads, checks,
/// writes and documents all of them from these annotations. Where a name is unknown,
/// [dev.irpo.setting.Spelling] says which one was probably meant.
package dev.irpo.setting;
