package dev.irpo;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.irpo.transformer.ParameterSelection;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/// Which module and package may use what: the rules of docs/architecture.md.
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.irpo");

  private static final String[] IRPO = {
    "dev.irpo.reward..",
    "dev.irpo.synthetic..",
    "dev.irpo.task..",
    "dev.irpo.setting..",
    "dev.irpo.template..",
    "dev.irpo.config..",
    "dev.irpo.loss..",
    "dev.irpo.model..",
    "dev.irpo.rollout..",
    "dev.irpo.pair..",
    "dev.irpo.train..",
    "dev.irpo.evaluate..",
    "dev.irpo.plan..",
    "dev.irpo.run..",
    "dev.irpo.report..",
    "dev.irpo.demo..",
    "dev.irpo.check..",
    "dev.irpo.cli.."
  };

  @Test
  void rulesLookAtEveryModule() {
    for (String module :
        List.of("tensor", "tokenizer", "checkpoints", "distributed", "transformer", "cli")) {
      assertTrue(
          CLASSES.stream().anyMatch(c -> c.getPackageName().startsWith("dev.irpo." + module)),
          module);
    }
    assertTrue(CLASSES.size() > 250, () -> "only " + CLASSES.size() + " classes were found");
  }

  private static void mayUse(String module, String... others) {
    String[] allowed = new String[others.length + 2];
    allowed[0] = "dev.irpo." + module + "..";
    allowed[1] = "java..";
    System.arraycopy(others, 0, allowed, 2, others.length);
    classes()
        .that()
        .resideInAPackage(allowed[0])
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(allowed)
        .check(CLASSES);
  }

  @Test
  void modulesMeetOnlyInIrpo() {
    mayUse("tensor", "jdk.incubator.vector..", "uk.ac.manchester.tornado..");
    mayUse("tokenizer", "sentencepiece..", "com.google.protobuf..", "com.fasterxml.jackson..");
    mayUse(
        "checkpoints",
        "dev.irpo.tensor..",
        "org.apache.arrow..",
        "org.apache.commons.text..",
        "com.google.flatbuffers..",
        "com.fasterxml.jackson..");
    mayUse("distributed");
    mayUse("transformer", "dev.irpo.tensor..", "dev.irpo.distributed..", "jdk.incubator.vector..");
  }

  /// Code outside the JVM: libraries that connect processes, advice on memory maps, memory that is
  /// zero without being written, and cuBLAS.
  @Test
  void onlyGroupsMemoryAndCublasCallNativeCode() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.irpo.distributed..")
        .and()
        .haveNameNotMatching(
            "dev.irpo.(checkpoints.files.HugePages|tensor.tornado.UntouchedMemory|tensor.tornado.gemm.CublasLibrary)(\\$.*)?")
        .should()
        .dependOnClassesThat(
            belongToAnyOf(Linker.class, SymbolLookup.class, FunctionDescriptor.class))
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandLineKnowsPicocli() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.irpo.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "me.tongfei..", "org.slf4j..")
        .check(CLASSES);
  }

  @Test
  void nothingDependsOnTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.irpo.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.irpo.cli..")
        .check(CLASSES);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices().matching("dev.irpo.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void packagesOfCheckpointsAreFreeOfCycles() {
    slices().matching("dev.irpo.checkpoints.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  /// A new format touches its own package and the list of formats.
  @Test
  void formatsOfModelsAreKnownToTheirListAlone() {
    classes()
        .that()
        .implement("dev.irpo.checkpoints.model.ModelFormat")
        .should()
        .onlyHaveDependentClassesThat()
        .resideInAnyPackage("dev.irpo.checkpoints", "dev.irpo.checkpoints.(arrow|huggingface)")
        .check(CLASSES);
  }

  /// A chat template is foreign code, and what interprets it reaches nothing.
  @Test
  void chatTemplatesReachNothing() {
    mayUse("template");
    noClasses()
        .that()
        .resideInAPackage("dev.irpo.template..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.io..",
            "java.nio..",
            "java.net..",
            "java.lang.reflect..",
            "java.util.concurrent..",
            "java.util.jar..",
            "java.util.zip..")
        .orShould()
        .dependOnClassesThat(
            belongToAnyOf(
                ClassLoader.class,
                Process.class,
                ProcessBuilder.class,
                Runtime.class,
                ServiceLoader.class,
                System.class,
                Thread.class))
        .check(CLASSES);
  }

  /// Problems may lie in a table.
  @Test
  void tasksAndConfigurationKnowNoModel() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.irpo.task..", "dev.irpo.reward..", "dev.irpo.synthetic..", "dev.irpo.config..")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                    "dev.irpo.tensor..", "dev.irpo.tokenizer..", "dev.irpo.checkpoints..")
                .and(resideOutsideOfPackage("dev.irpo.checkpoints.table")))
        .check(CLASSES);
  }

  /// What may be trained is written in configuration as the transformer reads it.
  @Test
  void ofTheTransformerTasksKnowNothingAndConfigurationWhatIsTrained() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.irpo.task..", "dev.irpo.reward..", "dev.irpo.synthetic..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.irpo.transformer..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.irpo.config..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.irpo.transformer..")
                .and(not(belongToAnyOf(ParameterSelection.class))))
        .check(CLASSES);
  }

  @Test
  void randomNumbersAreCountedNeverDrawn() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.Random")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.concurrent.ThreadLocalRandom")
        .orShould()
        .callMethod(Math.class, "random")
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandLineWritesToStandardOutput() {
    for (String stream : List.of("out", "err")) {
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.irpo.cli..")
          .should()
          .accessField(System.class, stream)
          .check(CLASSES);
    }
    noClasses()
        .that()
        .resideInAnyPackage(IRPO)
        .should()
        .callMethod(Throwable.class, "printStackTrace")
        .check(CLASSES);
  }
}
