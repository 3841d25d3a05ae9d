/// Rows of a run, such as rollouts and pairs, as Arrow files in batches of 1024 rows.
///
/// A [TableSchema] says how columns are taken from a row object, a [TableWriter] writes rows, a
/// [TableReader] gives them back as [TableRow]s. The same rows give the same bytes.
package dev.irpo.checkpoints.table;
