/// A run as one HTML file that works offline and can be mailed.
///
/// [dev.irpo.report.Report] reads run folders with the readers that a run itself uses, so checksums
/// are compared, and writes a page. [dev.irpo.report.RunReader] makes a run's numbers
/// ([dev.irpo.report.RunData]) and the rollouts that the page shows; what is damaged or not there
/// yet is left out and named. [dev.irpo.report.Checks] looks for what usually goes wrong.
/// [dev.irpo.report.Page] puts the data, as compressed JSON, together with the scripts and the
/// style that lie among the resources of this package. The page draws with Chart.js and asks for
/// nothing over a network; texts of models get into it as data, never as HTML.
package dev.irpo.report;
