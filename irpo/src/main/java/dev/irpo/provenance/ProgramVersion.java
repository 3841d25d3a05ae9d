package dev.irpo.provenance;

import java.util.Optional;

/// The version of the running program.
public final class ProgramVersion {
  /// What stands in its place where the classes do not come from the jar.
  public static final String NOT_FROM_THE_JAR = "not from the jar";

  private ProgramVersion() {}

  /// That of the jar's manifest, else [#NOT_FROM_THE_JAR].
  public static String text() {
    return Optional.ofNullable(ProgramVersion.class.getPackage().getImplementationVersion())
        .orElse(NOT_FROM_THE_JAR);
  }
}
