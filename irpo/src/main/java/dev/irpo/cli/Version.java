package dev.irpo.cli;

import dev.irpo.provenance.ProgramVersion;
import picocli.CommandLine.IVersionProvider;

/// What `irpo --version` prints.
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = ProgramVersion.text();
    boolean isNone = version.equals(ProgramVersion.NOT_FROM_THE_JAR);
    return new String[] {
      "irpo " + (isNone ? "(" + version + ")" : version),
      "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
    };
  }
}
