package dev.irpo.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.evaluate.PassRate;
import java.util.List;

/// Accuracy of a model on the test problems.
///
/// @param greedy of the greedy response
/// @param majority of the answer that most samples give; null where no vote was asked for
/// @param majoritySamples samples that voted on a problem
/// @param passAt that at least one of k of these samples is right; null in files of older versions
///   and where no vote was asked for
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Evaluation(
    @JsonInclude Accuracy greedy,
    @JsonInclude Accuracy majority,
    int majoritySamples,
    List<PassRate> passAt) {}
