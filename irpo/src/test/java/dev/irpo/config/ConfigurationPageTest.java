package dev.irpo.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationPageTest {
  @Test
  void configurationPageListsTheKeysAsTheyAre() throws IOException {
    String page = Files.readString(Path.of("../docs/configuration.md"));
    assertEquals(
        RunConfig.documentation(),
        page.substring(page.indexOf("| key |")),
        "docs/configuration.md is old; replace its table and what follows by the output of"
            + " 'bin/irpo config --markdown'");
  }
}
