package dev.irpo.check;

import java.util.List;
import java.util.Optional;

/// What a part came to.
///
/// @param obstacle why it did not run
/// @param seconds that it took
/// @param rows that it gave
/// @param failed those of them that are wrong
public record PartReport(
    Part part, Optional<String> obstacle, double seconds, int rows, List<CheckRow> failed) {}
