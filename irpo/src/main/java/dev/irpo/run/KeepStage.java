package dev.irpo.run;

import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.AdapterSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.plan.Cost;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.StageCosts;
import dev.irpo.transformer.ParameterSelection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Makes a checkpoint M_t.
///
/// @param train whose checkpoint: the chosen one, or the last
/// @param choose what chose it, if anything did
record KeepStage(RunFolder folder, int iteration, TrainStage train, Optional<ChooseStage> choose)
    implements Stage {
  @Override
  public String name() {
    return "iteration " + iteration + " keep";
  }

  @Override
  public List<Stage> needs() {
    return choose.isPresent() ? List.of(train, choose.get()) : List.of(train);
  }

  @Override
  public Optional<List<Path>> writes() {
    return Optional.of(List.of(folder.model(iteration)));
  }

  @Override
  public void verify() throws IOException {
    Path model = folder.model(iteration);
    if (Files.exists(model)) {
      Manifest.require(model).verifySizes(model);
    }
  }

  @Override
  public boolean makes(Path path) {
    return path.equals(folder.model(iteration));
  }

  @Override
  public Cost cost(StageCosts costs) {
    return Cost.NONE.onDisk(Purpose.MODEL, costs.programs().modelBytes());
  }

  @Override
  public void run(Session session) throws IOException {
    Optional<ChosenCheckpoint> chosen = choose.isPresent() ? choose.get().chosen() : train.length();
    Path checkpoint = train.files().checkpoint(chosen.orElseThrow().step());
    session.verify(checkpoint);
    try (StoredModel stored = ModelFiles.open(checkpoint, Optional.empty())) {
      stored.verifyChecksums(session.seen());
      keep(stored, folder.model(iteration));
    }
  }

  /// In single precision; of a model whose adapter alone is trained that adapter, which M_0 is the
  /// base of; or with its adapter merged, in the types that it has.
  private void keep(StoredModel stored, Path to) throws IOException {
    RunConfig config = train.config();
    if (config.adapter().merge() == AdapterSettings.Merge.ITERATION) {
      AdaptedModel.writeMerged(stored, to);
    } else if (config.trained().equals(ParameterSelection.adapter())) {
      AdaptedModel.copyAdapter(stored, folder.model(0), to);
    } else {
      LanguageModel.copy(stored, to);
    }
  }
}
