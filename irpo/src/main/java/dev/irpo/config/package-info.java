/// The configuration of a run: immutable records, read from a preset, a YAML file and `--set
/// key=value`, each overriding those before it.
///
/// A key is a component of a record with its [dev.irpo.setting.Setting]: default, allowed values
/// and meaning stand there and nowhere else. Reading, checking, writing and the printed
/// documentation all walk these records, so a new key is one new line.
package dev.irpo.config;
