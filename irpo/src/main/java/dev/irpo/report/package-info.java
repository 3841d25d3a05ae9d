/// A run as one HTML file that works offline and can be mailed, or as a page that follows it.
///
/// [dev.irpo.report.Report] reads run folders with the readers that a run itself uses, so checksums
/// are compared, and writes a page. [dev.irpo.report.RunReader] makes a run's numbers
/// ([dev.irpo.report.RunData]) and the rollouts that the page shows; what is damaged or not there
/// yet is left out and named. [dev.irpo.report.Checks] looks for what usually goes wrong.
/// [dev.irpo.report.Page] puts the data, as compressed JSON, together with the scripts and the
/// style that lie among the resources of this package. The page draws with Chart.js and asks for
/// nothing over a network; texts of models get into it as data, never as HTML.
///
/// [dev.irpo.report.LiveReport] serves the page of a run that is running. [dev.irpo.report.LiveRun]
/// lets the same reader, which reads again only what has changed, look at the folder while a page
/// asks; [dev.irpo.report.LiveState] tells each page what is newer than it has
/// ([dev.irpo.report.Cursor]), and the page puts that in place.
package dev.irpo.report;
