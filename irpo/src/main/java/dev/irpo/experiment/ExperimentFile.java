package dev.irpo.experiment;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.irpo.config.RunConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/// An experiment as it is written, see `docs/experiments.md`.
///
/// @param title heads the results
/// @param preset what all settings default to
/// @param settings of all runs, by path of key
/// @param seeds one for each draw
/// @param protocols at least one
/// @param recipes how models are made, by name
/// @param rows of the table
/// @param figures of log-probabilities while models are trained; may be empty
/// @param claims about the rows; may be empty
record ExperimentFile(
    String title,
    String preset,
    SequencedMap<String, String> settings,
    List<Long> seeds,
    List<Protocol> protocols,
    SequencedMap<String, Recipe> recipes,
    List<Row> rows,
    List<Figure> figures,
    List<Claim> claims) {
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /// Which settings recipes have: the same for all, or those of a grid with which each does best on
  /// the held-out problems after its first iteration.
  ///
  /// @param settings by path of key
  /// @param recipes settings of a recipe's own, by its name
  /// @param choose values to choose among, by path of key
  record Protocol(
      String name,
      SequencedMap<String, String> settings,
      SequencedMap<String, SequencedMap<String, String>> recipes,
      SequencedMap<String, List<String>> choose) {
    Protocol {
      settings = settings == null ? new LinkedHashMap<>() : settings;
      recipes = recipes == null ? new LinkedHashMap<>() : recipes;
      choose = choose == null ? new LinkedHashMap<>() : choose;
    }

    /// All settings that a recipe is tried with.
    List<SequencedMap<String, String>> candidates(String recipe) {
      SequencedMap<String, String> fixed = new LinkedHashMap<>(settings);
      fixed.putAll(recipes.getOrDefault(recipe, new LinkedHashMap<>()));
      List<SequencedMap<String, String>> all = List.of(fixed);
      for (Map.Entry<String, List<String>> axis : choose.entrySet()) {
        List<SequencedMap<String, String>> more = new ArrayList<>();
        for (SequencedMap<String, String> some : all) {
          for (String value : axis.getValue()) {
            SequencedMap<String, String> one = new LinkedHashMap<>(some);
            one.put(axis.getKey(), value);
            more.add(one);
          }
        }
        all = more;
      }
      return all;
    }
  }

  /// How a model is made.
  ///
  /// @param start the model that it starts from; null: M_0
  /// @param rollouts the recipe whose first iteration's rollouts it is trained on; null: its own,
  ///   which are those of M_0 where it starts from M_0
  /// @param settings by path of key
  record Recipe(
      String start, String rollouts, int iterations, SequencedMap<String, String> settings) {
    Recipe {
      iterations = iterations == 0 ? 1 : iterations;
      settings = settings == null ? new LinkedHashMap<>() : settings;
    }
  }

  /// A row of the table.
  ///
  /// @param model see [ModelRef]
  /// @param paper the paper's accuracy; NaN where it has none
  /// @param paperVote the paper's accuracy by majority vote
  record Row(String title, String model, Double paper, Double paperVote) {}

  /// Curves of log-probabilities.
  ///
  /// @param curves the recipes, by what they are called there
  record Figure(String title, SequencedMap<String, String> curves) {
    Figure {
      curves = curves == null ? new LinkedHashMap<>() : curves;
    }
  }

  /// What is claimed of a difference.
  ///
  /// @param difference see [Difference]
  record Claim(String text, String difference, Expectation expect) {
    Claim {
      expect = expect == null ? Expectation.POSITIVE : expect;
    }
  }

  ExperimentFile {
    settings = settings == null ? new LinkedHashMap<>() : settings;
    figures = figures == null ? List.of() : figures;
    claims = claims == null ? List.of() : claims;
  }

  /// The same with other draws.
  ExperimentFile withSeeds(List<Long> others) {
    return new ExperimentFile(
        title, preset, settings, List.copyOf(others), protocols, recipes, rows, figures, claims);
  }

  /// Names of those in the jar.
  static List<String> names() {
    return List.of("table1", "table2", "figures", "ablations");
  }

  /// One in the jar, or a file.
  ///
  /// @throws IllegalArgumentException in one line that names what is wrong
  static ExperimentFile read(String nameOrFile) throws IOException {
    if (names().contains(nameOrFile)) {
      String resource = nameOrFile + ".yaml";
      try (InputStream content = ExperimentFile.class.getResourceAsStream(resource)) {
        return parse(new String(content.readAllBytes(), StandardCharsets.UTF_8), resource);
      }
    }
    try {
      return parse(Files.readString(Path.of(nameOrFile)), nameOrFile);
    } catch (NoSuchFileException missing) {
      throw new IllegalArgumentException(
          "%s: no such file, and the experiments that there are are %s"
              .formatted(nameOrFile, String.join(", ", names())),
          missing);
    }
  }

  /// Reads one and checks that it is whole.
  ///
  /// @param source named in messages
  /// @throws IllegalArgumentException in one line that names what is wrong
  static ExperimentFile parse(String yaml, String source) {
    try {
      ExperimentFile file = MAPPER.readValue(yaml, ExperimentFile.class);
      file.check();
      return file;
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new IllegalArgumentException(
          "%s:%d: %s"
              .formatted(source, line, e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(source + ": " + e.getMessage(), e);
    }
  }

  private void check() {
    requireSome("title", title == null ? List.of() : List.of(title));
    requireSome("preset", preset == null ? List.of() : List.of(preset));
    requireSome("seeds", seeds);
    requireSome("protocols", protocols);
    requireSome("recipes", recipes == null ? null : recipes.sequencedKeySet());
    requireSome("rows", rows);
    Set<String> names = new LinkedHashSet<>();
    for (Protocol protocol : protocols) {
      if (protocol.name() == null || !names.add(protocol.name())) {
        throw new IllegalArgumentException(
            "protocol '%s' has no name of its own; give it one".formatted(protocol.name()));
      }
      protocol.recipes().keySet().forEach(recipe -> require(new ModelRef(recipe, 0)));
    }
    recipes.forEach(this::check);
    rows.forEach(row -> require(ModelRef.parse(String.valueOf(row.model()))));
    for (Figure figure : figures) {
      requireSome("figures: title", figure.title() == null ? null : List.of(figure.title()));
      requireSome("figures: curves", figure.curves().sequencedKeySet());
      figure.curves().values().forEach(recipe -> requireMeasured(new ModelRef(recipe, 0)));
    }
    claims.forEach(claim ->
        Difference.parse(String.valueOf(claim.difference()))
            .terms()
            .forEach(term -> require(term.model())));
  }

  private static void requireSome(String key, Collection<?> values) {
    if (values == null || values.isEmpty()) {
      throw new IllegalArgumentException("'%s' is missing or empty; write one".formatted(key));
    }
  }

  private void check(String name, Recipe recipe) {
    if (!name.matches("[a-z0-9-]+")) {
      throw new IllegalArgumentException(
          "recipe '%s': names have a to z, 0 to 9 and -".formatted(name));
    }
    if (recipe.start() != null) {
      require(ModelRef.parse(recipe.start()));
      requireEarlier(name, ModelRef.parse(recipe.start()).recipe());
    }
    if (recipe.rollouts() != null) {
      require(new ModelRef(recipe.rollouts(), 0));
      requireEarlier(name, recipe.rollouts());
    }
    for (long seed : seeds) {
      for (Protocol protocol : protocols) {
        protocol.candidates(name).forEach(chosen -> config(name, chosen, seed, List.of()));
      }
    }
  }

  private void requireEarlier(String name, String wanted) {
    List<String> order = List.copyOf(recipes.keySet());
    if (order.indexOf(wanted) >= order.indexOf(name)) {
      throw new IllegalArgumentException(
          "recipe '%s' needs '%s'; write that one above it".formatted(name, wanted));
    }
  }

  private void require(ModelRef model) {
    Recipe recipe = recipes.get(model.recipe());
    if (recipe == null || model.iteration() > recipe.iterations()) {
      throw new IllegalArgumentException(
          "%s: there is no such model; recipes are %s, each with its iterations"
              .formatted(model, String.join(", ", recipes.keySet())));
    }
  }

  private void requireMeasured(ModelRef model) {
    require(model);
    for (Protocol protocol : protocols) {
      for (SequencedMap<String, String> chosen : protocol.candidates(model.recipe())) {
        if (config(model.recipe(), chosen, seeds.getFirst(), List.of()).evaluate().pairs() == 0) {
          throw new IllegalArgumentException(
              "recipe '%s' has no log-probabilities for a figure; set evaluate.pairs"
                  .formatted(model.recipe()));
        }
      }
    }
  }

  /// The configuration of a run.
  ///
  /// @param chosen settings of the protocol
  /// @param overrides `key=value`, which hold before everything else
  /// @throws IllegalArgumentException if a key is unknown or a value impossible
  RunConfig config(
      String recipe, SequencedMap<String, String> chosen, long seed, List<String> overrides) {
    SequencedMap<String, String> all = new LinkedHashMap<>(settings);
    all.putAll(chosen);
    all.putAll(recipes.get(recipe).settings());
    List<String> lines = new ArrayList<>();
    lines.add("preset=" + preset);
    all.forEach((key, value) -> lines.add(key + "=" + value));
    lines.addAll(overrides);
    lines.add("iterations=" + recipes.get(recipe).iterations());
    lines.add("seed=" + seed);
    return RunConfig.parse("", lines);
  }
}
