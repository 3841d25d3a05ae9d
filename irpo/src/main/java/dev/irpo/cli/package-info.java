/// The program `irpo`: one class a command, each a few lines around what the other packages do.
///
/// Standard output carries results, JSON Lines where a command says so; bars, logs and errors go to
/// standard error. A user's mistake is one line that names the file or option, the fact and the way
/// out, and exit code 2 ([dev.irpo.cli.Main]). Options that several commands share are mix-ins
/// ([dev.irpo.cli.ConfigOptions], [dev.irpo.cli.ModelOptions], [dev.irpo.cli.ComputeOptions]). A
/// new command is a class and its place in a section of [dev.irpo.cli.Commands].
package dev.irpo.cli;
