package dev.irpo.config;

/// A value as somebody wrote it, and where.
///
/// @param source what error messages begin with: a file, or `--set key=value`
record Given(String text, String source) {
  IllegalArgumentException refuse(String key, String allowed) {
    return new IllegalArgumentException(
        "%s: %s is '%s', allowed is %s".formatted(source, key, text, allowed));
  }
}
