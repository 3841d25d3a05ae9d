package dev.irpo.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/// What `irpo --version` prints.
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version =
        Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
            .orElse("(not from the jar)");
    return new String[] {
      "irpo " + version, "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
    };
  }
}
