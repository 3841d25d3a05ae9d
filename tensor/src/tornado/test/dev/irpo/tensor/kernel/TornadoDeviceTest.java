package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/// Every device kernel on TornadoVM's default device against the reference, but for cases where an
/// argument is another: TornadoVM 5.2.0 never ends ordering a task that waits for itself.
@Tag("device")
class TornadoDeviceTest {
  @BeforeAll
  static void nothingFallsBackToJava() {
    assertEquals("false", System.getProperty("tornado.recover.bailout"));
  }

  @TestFactory
  Stream<DynamicTest> everyKernelAgreesWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return Stream.concat(KernelCases.ofDevices(), MatrixCases.roundedWeights())
        .filter(c -> !c.name().contains(ElementwiseCases.IN_PLACE))
        .map(c ->
            dynamicTest(c.name(), () -> c.check(reference, ImmediateKernels.onDevice(Form.PLAIN))));
  }

  @TestFactory
  Stream<DynamicTest> groupsOfThreadsAgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return Stream.of(
            MatrixCases.all(),
            MatrixCases.roundedWeights(),
            ScoreCases.all()
                .filter(
                    c -> c.name().startsWith("tokenLogProbs") || c.name().startsWith("drawTokens")),
            RowCases.all().filter(c -> c.name().startsWith("rmsNorm")),
            AttentionCases.all())
        .flatMap(cases -> cases)
        .map(c ->
            dynamicTest(
                c.name(), () -> c.check(reference, ImmediateKernels.onDevice(Form.GROUPS))));
  }

  @TestFactory
  Stream<DynamicTest> cachesInBfloat16AgreeWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return Stream.of(Form.PLAIN, Form.GROUPS)
        .flatMap(form ->
            AttentionCases.halfCaches()
                .map(c ->
                    dynamicTest(
                        form + " " + c.name(),
                        () -> c.check(reference, ImmediateKernels.onDevice(form)))));
  }
}
