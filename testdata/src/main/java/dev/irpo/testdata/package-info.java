/// Files that the tests of several modules read, and the rule for what happens when one is missing.
///
/// There are two kinds:
///
/// - **golden values** ({@link dev.irpo.testdata.GoldenFiles}) are the project's own: small models
///   and what independent implementations compute for them. They lie in the repository, in
///   `testdata/golden`, so a test that reads them is never skipped.
/// - **foreign data** ({@link dev.irpo.testdata.ForeignData}) belongs to others: published
///   checkpoints, tokenizers and data sets. It lies outside the repository, and a test that finds
///   none is skipped with the reason, or fails where the data was promised.
///
/// No other class looks for such files.
package dev.irpo.testdata;
