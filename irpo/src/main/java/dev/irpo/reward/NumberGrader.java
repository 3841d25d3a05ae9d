package dev.irpo.reward;

import java.util.List;
import java.util.Optional;

/// Exact match of numbers, `number-v1`: the answer after the last `Final answer:` must hold exactly
/// one number, and that number must equal the gold one.
///
/// Numbers are compared as numbers ([ExactNumber]): `1,000` = `1000` = `1000.0` = `$1000`, `1/2` =
/// `0.5`. Words, units, currency signs, `%`, bold marks and a full stop beside the number are
/// ignored. `twelve`, `5:30`, `3 or 4` hold no single number and are wrong.
public final class NumberGrader extends ExactMatch {
  /// Name in configuration.
  public static final String NAME = "number-v1";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  String form() {
    return "one number";
  }

  @Override
  Optional<String> canonical(String text, List<String> options) {
    return ExactNumber.find(text).map(ExactNumber::toString);
  }
}
