package dev.irpo.experiment;

/// What a claim says of a difference.
enum Expectation {
  /// It is above zero.
  POSITIVE,
  /// It is within [#MARGIN] points of zero.
  NEAR_ZERO;

  /// Points of accuracy that count as no difference.
  static final double MARGIN = 2;

  /// Whether draws bear a claim out.
  enum Verdict {
    /// The whole interval is where the claim says.
    HELD,
    /// The whole interval is where it does not.
    NOT_HELD,
    /// The interval has both, or there is none.
    UNDECIDED
  }

  Verdict verdict(Estimate difference) {
    boolean varies = difference.halfWidth() > 0; // no draw but one, or all alike, tell no interval
    if (!varies) {
      return Verdict.UNDECIDED;
    }
    double low = difference.low();
    double high = difference.high();
    boolean isHeld =
        switch (this) {
          case POSITIVE -> low > 0;
          case NEAR_ZERO -> low > -MARGIN && high < MARGIN;
        };
    boolean isRefuted =
        switch (this) {
          case POSITIVE -> high <= 0;
          case NEAR_ZERO -> low >= MARGIN || high <= -MARGIN;
        };
    return isHeld ? Verdict.HELD : isRefuted ? Verdict.NOT_HELD : Verdict.UNDECIDED;
  }
}
