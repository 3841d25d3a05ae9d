package dev.irpo.checkpoints.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestNameTest {
  @Test
  void theNameWithTheFewestChangedLettersIsFound() {
    List<String> names = List.of("learningRate", "batchSize", "steps");
    assertEquals(Optional.of("learningRate"), NearestName.of("learning_rate", names));
    assertEquals(Optional.of("steps"), NearestName.of("step", names));
    assertEquals(Optional.of("batchSize"), NearestName.of("batchsize", names));
    assertEquals(Optional.empty(), NearestName.of("x", List.of()));
  }
}
