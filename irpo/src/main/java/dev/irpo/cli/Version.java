package dev.irpo.cli;

import dev.irpo.provenance.ProgramVersion;
import picocli.CommandLine.IVersionProvider;

/// What `irpo --version` prints.
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "irpo " + ProgramVersion.text(),
      "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
    };
  }
}
