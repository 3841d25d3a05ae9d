package dev.irpo.reward;

import java.util.List;
import java.util.Optional;

/// Exact match of numbers: the answer after the last `Final answer:` must hold exactly one number,
/// and that number must equal the gold one.
///
/// Numbers are compared as numbers ([ExactNumber]): `1,000` = `1000` = `1000.0` = `$1000`, `1/2` =
/// `0.5`. Words, units, currency signs, `%`, bold marks and a full stop next to the number are
/// ignored. `twelve`, `5:30`, `3 or 4` hold no single number and are wrong. Version 2 reads more
/// forms, and takes no part of a longer one (`5²`, `x > 5`) for the answer ([NumberText]).
public final class NumberGrader extends ExactMatch {
  private static final String KIND = "number";

  /// The latest version.
  public NumberGrader() {
    this(GraderVersion.LATEST);
  }

  /// A certain version.
  public NumberGrader(GraderVersion version) {
    super(KIND, version);
  }

  @Override
  String form() {
    return "one number";
  }

  @Override
  Optional<String> canonical(String text, List<String> options) {
    Optional<ExactNumber> number =
        switch (version()) {
          case V1 -> ExactNumber.find(text);
          case V2 -> NumberText.find(text);
        };
    return number.map(ExactNumber::toString);
  }
}
