package dev.irpo.distributed;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/// Two network namespaces of this machine with a cable between them, which a launcher takes for two
/// hosts. Making them needs root.
final class TwoHosts implements AutoCloseable {
  private static final String FIRST = "10.77.0.1";
  private static final String SECOND = "10.77.0.2";
  private static final String NET = "10.77.0.0/24";
  private static final Duration CARRIER_LIMIT = Duration.ofSeconds(10);

  private final String name = "irpo" + ProcessHandle.current().pid();
  private final Path agent;

  /// Makes them.
  ///
  /// @param folder for a script
  TwoHosts(Path folder) throws IOException {
    agent = folder.resolve("agent");
    // what a launcher calls instead of ssh: options, a host, and a command for it
    Files.writeString(
        agent,
        """
        #!/bin/sh
        while [ "${1#-}" != "$1" ]; do shift; done
        case $1 in %s | hostA) host=A ;; *) host=B ;; esac
        shift
        exec ip netns exec "%s$host" unshare --uts sh -c "hostname host$host; exec $*"
        """
            .formatted(FIRST, name));
    agent.toFile().setExecutable(true);
    for (String host : List.of("A", "B")) {
      ip("netns", "add", name + host);
    }
    ip(
        "link",
        "add",
        "cableA",
        "netns",
        name + "A",
        "type",
        "veth",
        "peer",
        "name",
        "cableB",
        "netns",
        name + "B");
    for (String host : List.of("A", "B")) {
      String address = (host.equals("A") ? FIRST : SECOND) + "/24";
      ip("-n", name + host, "address", "add", address, "dev", "cable" + host);
      ip("-n", name + host, "link", "set", "lo", "up");
      ip("-n", name + host, "link", "set", "cable" + host, "up");
    }
    awaitCarrier();
  }

  /// The kernel tells that a cable is plugged in up to a second after it is, and UCX takes an
  /// interface without one for no way to the other host.
  private void awaitCarrier() throws IOException {
    Instant end = Instant.now().plus(CARRIER_LIMIT);
    for (String host : List.of("A", "B")) {
      String link;
      do {
        link = ip("-n", name + host, "link", "show", "cable" + host);
        if (Instant.now().isAfter(end)) {
          throw new IOException("no carrier after " + CARRIER_LIMIT + ": " + link);
        }
      } while (!link.contains("state UP"));
    }
  }

  /// Whether this machine and user can have them.
  static boolean arePossible() {
    try {
      String probe = "irpo-probe" + ProcessHandle.current().pid();
      ip("netns", "add", probe);
      ip("netns", "delete", probe);
      return new ProcessBuilder("unshare", "--uts", "true").start().onExit().join().exitValue()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String ip(String... arguments) throws IOException {
    String[] command = new String[arguments.length + 1];
    command[0] = "ip";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + said);
    }
    return said;
  }

  /// Runs a command on the first host.
  List<String> first() {
    return List.of(
        "ip",
        "netns",
        "exec",
        name + "A",
        "unshare",
        "--uts",
        "sh",
        "-c",
        "hostname hostA; exec \"$@\"",
        "sh");
  }

  /// Options of a launcher for one process on each.
  List<String> options(String family) {
    String hosts = FIRST + "," + SECOND;
    return family.equals("openmpi")
        ? List.of("--host", hosts)
        : List.of(
            "-hosts", hosts, "-ppn", "1", "-launcher", "ssh", "-launcher-exec", agent.toString());
  }

  /// Environment variables for it: Open MPI's agent and networks, and no shared memory for UCX,
  /// which looks through namespaces.
  Map<String, String> settings() {
    return Map.of(
        "OMPI_MCA_plm_rsh_agent",
        agent.toString(),
        "PRTE_MCA_plm_ssh_agent",
        agent.toString(),
        "OMPI_MCA_oob_tcp_if_include",
        NET,
        "OMPI_MCA_btl_tcp_if_include",
        NET,
        "UCX_TLS",
        "tcp,self");
  }

  /// Cuts the cable.
  void cut() throws IOException {
    ip("-n", name + "B", "link", "set", "cableB", "down");
  }

  @Override
  public void close() throws IOException {
    for (String host : List.of("A", "B")) {
      ip("netns", "delete", name + host);
    }
  }
}
