package dev.irpo.report;

import java.util.List;

/// All numbers of a page.
///
/// @param program that wrote it, with its version
/// @param made when, to the minute, in UTC
/// @param paper what the paper reports
/// @param differences of the runs' configurations
record PageData(
    String program,
    String made,
    PaperCurve paper,
    List<RunData> runs,
    List<ConfigDifference> differences) {}
