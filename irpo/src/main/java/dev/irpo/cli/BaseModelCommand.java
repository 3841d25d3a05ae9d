package dev.irpo.cli;

import dev.irpo.demo.BaseModelRecipe;
import dev.irpo.model.LanguageModel;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo base-model`.
@Command(
    name = "base-model",
    mixinStandardHelpOptions = true,
    description = "Makes the demo's base model M_0 from random weights, as it lies in the jar.")
final class BaseModelCommand implements Callable<Integer> {
  @Mixin private ComputeOptions compute;

  @Option(names = "--out", required = true, paramLabel = "MODEL", description = "new folder")
  private Path out;

  @Override
  public Integer call() throws IOException {
    try (Backend backend = compute.start();
        Stages stages = new Stages()) {
      LanguageModel model =
          BaseModelRecipe.make(
              backend, (stage, total, step) -> stages.at(stage, total, step.step(), step.loss()));
      model.save(out);
    }
    return 0;
  }

  /// One bar after the other.
  private static final class Stages implements AutoCloseable {
    private final Progress progress = new Bars();
    private Progress.Bar bar = Progress.Bar.NONE;

    void at(String stage, int total, int step, double loss) {
      if (step == 1) {
        bar.close();
        bar = progress.begin(stage, total);
      }
      bar.at(step, String.format(Locale.ROOT, "loss %.3f", loss));
    }

    @Override
    public void close() {
      bar.close();
    }
  }
}
