package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.settings;
import static dev.irpo.transformer.train.PairTraining.step;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A trainer that starts over.
class TrainerResetTest {
  private static final PreferenceLoss LOSS = new PreferenceLoss();

  private static Trainer<Pair> trainer(Backend backend, Parameters parameters) {
    return new Trainer<>(backend, parameters, LOSS, settings(128, Llama.Activations.KEPT));
  }

  @Test
  void afterAResetItTrainsToTheBitsOfANewOne() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = TinyModel.parameters(cpu, true);
      Trainer<Pair> used = trainer(cpu, parameters);
      step(used, 3, 1e-2);
      used.accumulate(pairs(2)); // gathered and not used
      parameters.copyFrom(TinyModel.parameters(cpu, true));
      used.reset();
      assertEquals(0, used.optimizer().stepsTaken());
      step(used, 2, 1e-2);
      Parameters fresh = TinyModel.parameters(cpu, true);
      step(trainer(cpu, fresh), 2, 1e-2);
      assertEquals(-1, parameters.flat().segment().mismatch(fresh.flat().segment()));
      assertNotEquals(
          -1, fresh.flat().segment().mismatch(TinyModel.parameters(cpu, true).flat().segment()));
    }
  }

  @Test
  void aTrainerTellsWhatItTrainsAndWithWhat() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = TinyModel.parameters(cpu, true);
      Trainer<Pair> trainer = trainer(cpu, parameters);
      assertSame(LOSS, trainer.loss());
      assertEquals(128, trainer.tokenBudget());
      assertEquals(
          List.copyOf(parameters.buffers().keySet()),
          trainer.optimizer().layout().trained().slices().stream()
              .map(ParameterLayout.Slice::name)
              .toList());
      assertTrue(trainer.describe().contains("packedAttention"), trainer::describe);
      assertTrue(trainer.updatePrograms().stream().anyMatch(p -> p.describe().contains("adamW")));
    }
  }
}
