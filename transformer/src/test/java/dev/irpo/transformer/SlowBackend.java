package dev.irpo.transformer;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import java.util.Map;
import java.util.Set;

/// Another backend, which says that compiling takes seconds, as it does on a device.
public record SlowBackend(Backend other) implements Backend {
  @Override
  public String name() {
    return "slow";
  }

  @Override
  public BackendTraits traits() {
    return new BackendTraits(
        /* mappedWeights= */ Set.of(),
        /* roundsWeights= */ false,
        /* compilesSlowly= */ true,
        /* isBatchInvariant= */ true,
        /* runsOnHost= */ false,
        /* keepsHalfCaches= */ false);
  }

  @Override
  public Buffer allocate(long numElements) {
    return other.allocate(numElements);
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
    return other.compile(graph, variables, options);
  }

  @Override
  public void close() {
    other.close();
  }
}
