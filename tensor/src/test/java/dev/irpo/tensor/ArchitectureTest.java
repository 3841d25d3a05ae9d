package dev.irpo.tensor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// Who may use what: the rules of docs/architecture.md.
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.irpo.tensor");

  @Test
  void rulesLookAtTheWholeModule() {
    assertTrue(CLASSES.size() > 80, () -> "only " + CLASSES.size() + " classes were found");
  }

  @Test
  void onlyTheCpuBackendUsesTheVectorApi() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..cpu..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(CLASSES);
  }

  @Test
  void onlyTheTornadoBackendUsesMoreThanTheJdk() {
    classes()
        .that()
        .resideOutsideOfPackage("..tornado..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.irpo.tensor..", "java..", "jdk.incubator.vector..")
        .check(CLASSES);
  }

  @Test
  void theRestDoesNotKnowTheTornadoBackend() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..tornado..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("..tornado..")
        .check(CLASSES);
  }

  @Test
  void backendsDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAPackage("..reference..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("..cpu..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("..cpu..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("..reference..")
        .check(CLASSES);
  }

  @Test
  void operationsKnowKernelsByContractOnly() {
    noClasses()
        .that()
        .resideInAnyPackage("..op..", "..autograd..", "..program..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("..cpu..", "..reference..")
        .check(CLASSES);
  }

  @Test
  void packagesBelowTheRootAreFreeOfCycles() {
    slices().matching("dev.irpo.tensor.(*)..").should().beFreeOfCycles().check(CLASSES);
  }
}
