package dev.irpo.report;

/// Something that usually goes wrong, and how it is here.
///
/// @param what is looked at
/// @param where iteration or model
/// @param fact what was found, with its numbers
/// @param limits when it is looked at, and when it is an alarm
record Check(String what, String where, Verdict verdict, String fact, String limits) {
  /// How bad it is, the worst first.
  enum Verdict {
    /// Something is wrong.
    ALARM,
    /// Somebody should look.
    LOOK,
    /// There is nothing to see.
    FINE,
    /// There is too little to tell.
    UNKNOWN
  }
}
