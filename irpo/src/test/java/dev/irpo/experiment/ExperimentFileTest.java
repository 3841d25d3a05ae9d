package dev.irpo.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.PairSettings;
import dev.irpo.config.RunConfig;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ExperimentFileTest {
  private static final String WHOLE =
      """
      title: two
      preset: demo
      seeds: [1]
      protocols:
        - {name: same, settings: {optimizer.learningRate: 1e-4}}
      recipes:
        irpo: {iterations: 2}
        star: {settings: {loss.kind: sft}}
        dpo: {start: star@1, rollouts: irpo, settings: {loss.kind: dpo}}
      rows:
        - {title: IRPO, model: irpo@2}
      claims:
        - {text: better, difference: irpo@1 - star@1}
      """;

  static List<String> names() {
    return ExperimentFile.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void thoseInTheJarAreWhole(String name) throws IOException {
    ExperimentFile file = ExperimentFile.read(name);
    assertEquals(5, file.seeds().size());
    assertEquals(file.rows().stream().distinct().count(), file.rows().size());
  }

  @Test
  void settingsOfARecipeComeBeforeThoseOfTheProtocol() {
    ExperimentFile file = ExperimentFile.parse(WHOLE, "two.yaml");
    LinkedHashMap<String, String> chosen = new LinkedHashMap<>();
    chosen.put("optimizer.learningRate", "3e-4");
    chosen.put("loss.kind", "irpo");
    RunConfig config = file.config("star", chosen, 7, List.of("train.batchSize=4"));
    assertEquals(3e-4, config.optimizer().learningRate());
    assertEquals("SFT", config.loss().kind().name());
    assertEquals(7, config.seed());
    assertEquals(4, config.train().batchSize());
    assertEquals(1, config.iterations());
    assertEquals(PairSettings.Source.ROLLOUTS, config.pairs().source());
  }

  @Test
  void aProtocolHasSettingsOfARecipesOwn() {
    ExperimentFile file =
        ExperimentFile.parse(
            WHOLE.replace(
                "{name: same, settings: {optimizer.learningRate: 1e-4}}",
                "{name: same, settings: {train.epochs: 3}, recipes: {star: {train.epochs: 2}}}"),
            "two.yaml");
    ExperimentFile.Protocol protocol = file.protocols().getFirst();
    assertEquals(Map.of("train.epochs", "2"), protocol.candidates("star").getFirst());
    assertEquals(Map.of("train.epochs", "3"), protocol.candidates("irpo").getFirst());
  }

  @Test
  void aFigureIsOfWhatIsMeasured() {
    String figures = "figures: [{title: One, curves: {IRPO: irpo}}]\n";
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> ExperimentFile.parse(WHOLE + figures, "two.yaml"));
    assertEquals(
        "two.yaml: recipe 'irpo' has no log-probabilities for a figure; set evaluate.pairs",
        error.getMessage());
    String settings = "settings: {evaluate.pairs: 3}\n";
    assertEquals(1, ExperimentFile.parse(WHOLE + settings + figures, "two.yaml").figures().size());
  }

  @Test
  void aGridHasEveryCombination() {
    ExperimentFile file =
        ExperimentFile.parse(
            WHOLE.replace(
                "settings: {optimizer.learningRate: 1e-4}}",
                "choose: {optimizer.learningRate: [1e-4, 1e-3], train.epochs: [1, 2, 3]}}"),
            "two.yaml");
    assertEquals(6, file.protocols().getFirst().candidates("irpo").stream().distinct().count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seeds: [1]           | seeds: []            | two.yaml: 'seeds' is missing or empty",
        "irpo@2}              | irpo@3}              | two.yaml: irpo@3: there is no such model",
        "star@1, rollouts     | sta@1, rollouts      | two.yaml: sta@1: there is no such model",
        "rollouts: irpo       | rollouts: dpo        | two.yaml: recipe 'dpo' needs 'dpo'",
        "loss.kind: sft       | loss.kind: xyz       | two.yaml: ",
        "name: same           | nam: same            | two.yaml:5: Unrecognized field",
        "irpo@1 - star@1      | irpo@1 and star@1    | two.yaml: 'irpo@1 and star@1' is no sum",
        "title: two           | title: [              | two.yaml:"
      })
  void whatIsWrongIsNamedInOneLine(String right, String wrong, String begin) {
    String yaml = WHOLE.replace(right, wrong);
    String message =
        assertThrows(IllegalArgumentException.class, () -> ExperimentFile.parse(yaml, "two.yaml"))
            .getMessage();
    assertTrue(message.startsWith(begin), message);
    assertEquals(1, message.lines().count());
  }

  @Test
  void anUnknownNameListsThoseThereAre() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> ExperimentFile.read("table9"))
            .getMessage();
    assertTrue(message.contains("table1, table2, figures, ablations"), message);
  }
}
