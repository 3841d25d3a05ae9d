package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.HalfTrainings.requireAgreement;
import static dev.irpo.transformer.train.HalfTrainings.requireHalf;
import static dev.irpo.transformer.train.HalfTrainings.requireInRange;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.device.DeviceKernels;
import dev.irpo.transformer.Golden;
import dev.irpo.transformer.train.HalfTrainings.Kind;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Trainings with weights and activations in bfloat16 on a device.
@Tag("device")
class HalfOnDeviceTest {
  @Test
  void aMasterThatBfloat16DoesNotReachStopsATrainingOnADevice() {
    try (Backend device = Golden.device()) {
      requireInRange(device);
    }
  }

  @ParameterizedTest
  @CsvSource({"TIED, PLAIN", "BIASED, GROUPS", "NORMED, PLAIN", "ADAPTED, GROUPS"})
  void aDeviceReadsTheMastersInBfloat16AndSamplerScorerAndTrainerAgree(
      Kind kind, DeviceKernels kernels) {
    try (Backend device = Golden.device(kernels)) {
      requireAgreement(device, kind);
    }
  }

  /// What lives for a moment has arrays of its own there, so more layers must outweigh it.
  @ParameterizedTest
  @EnumSource(names = {"TIED", "BIASED", "NORMED"}) // all of whose weights are trained
  void weightsAndActivationsTakeHalfOnADevice(Kind kind) {
    try (Backend device = Golden.device()) {
      requireHalf(device, kind, kind.config(8));
    }
  }
}
